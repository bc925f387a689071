"""Advice that is passed on, as pairs of functions which compute the same: warned of, recommended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

_NUMBERS = list(range(2_000))
_WORDS = [str(number) for number in _NUMBERS]
_TABLE = {number: number for number in range(0, 2_000, 2)}
_FACTOR = 3


class Advice(NamedTuple):
    """A piece of advice: the way that it warns of, and the way that it recommends."""

    text: str
    warned: Callable[[], Any]
    praised: Callable[[], Any]


class _Plain:
    def __init__(self) -> None:
        self.value = 1


class _Slotted:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 1


_plain, _slotted = _Plain(), _Slotted()


def _global_name() -> int:
    total = 0
    for number in _NUMBERS:
        total += number * _FACTOR
    return total


def _local_name() -> int:
    total, factor = 0, _FACTOR
    for number in _NUMBERS:
        total += number * factor
    return total


def _method_in_loop() -> list[int]:
    found: list[int] = []
    for number in _NUMBERS:
        found.append(number)  # noqa: PERF402 - the subject
    return found


def _method_hoisted() -> list[int]:
    found: list[int] = []
    append = found.append
    for number in _NUMBERS:
        append(number)
    return found


def _ask_first() -> int:
    total = 0
    for number in _NUMBERS:
        if number in _TABLE:
            total += _TABLE[number]
    return total


def _try_first() -> int:
    total = 0
    for number in _NUMBERS:
        try:
            total += _TABLE[number]
        except KeyError:
            continue
    return total


def _attribute(one: Any) -> int:
    total = 0
    for _ in _NUMBERS:
        total += one.value
    return total


def _concatenated() -> str:
    text = ""
    for word in _WORDS:
        text += word
    return text


ADVICE: dict[str, Advice] = {
    "local": Advice("copy a global into a local name", _global_name, _local_name),
    "hoist": Advice("hoist list.append out of the loop", _method_in_loop, _method_hoisted),
    "map": Advice(
        "use map instead of a comprehension",
        lambda: [str(n) for n in _NUMBERS],
        lambda: list(map(str, _NUMBERS)),
    ),
    "map_lambda": Advice(
        "use map even with a lambda",
        lambda: [n + 1 for n in _NUMBERS],
        lambda: list(map(lambda n: n + 1, _NUMBERS)),  # noqa: C417 - the subject
    ),
    "fstring": Advice(
        "f-strings are faster than format",
        lambda: ["{}-{}".format(n, n) for n in _NUMBERS],  # noqa: UP032 - the subject
        lambda: [f"{n}-{n}" for n in _NUMBERS],
    ),
    "try": Advice("try instead of asking, half of the keys missing", _ask_first, _try_first),
    "slots": Advice(
        "slots make attributes faster", lambda: _attribute(_plain), lambda: _attribute(_slotted)
    ),
    "join": Advice("join instead of += on a local name", _concatenated, lambda: "".join(_WORDS)),
    "comprehension": Advice(
        "a comprehension beats a loop with append",
        _method_in_loop,
        lambda: [n for n in _NUMBERS],  # noqa: C416 - the subject
    ),
    "while": Advice(
        "sum() beats a loop", lambda: _attribute(_plain), lambda: sum([1 for _ in _NUMBERS])
    ),
}
