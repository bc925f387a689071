"""The values that `velvet.hostile` puts in the place of an argument, and how it reads an answer.

NumPy's scalars are among them where NumPy is installed. Each value is made anew for every call,
because an iterator is used up and an object with a raising dunder may be kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import math
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MANY = 10**6
_ITEMS = 1000  # of an endless answer, so many are looked at
_WIDTHS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 longdouble"


class Boom(Exception):
    """What hostile objects raise from a dunder, an iteration or a call; it comes through."""


@dataclass(frozen=True)
class Fixed:
    """An argument that stays as it is."""

    value: Any


@dataclass(frozen=True)
class Key:
    """An argument that is hashed or compared."""

    value: Any


@dataclass(frozen=True)
class Input:
    """One hostile value: made anew, with what it calls `back`; its answer is that to what it is `like`."""

    name: str
    make: Callable[..., Any]
    like: tuple[Any, ...] = ()
    nan: bool = False
    back: bool = False


def _raise(*_: Any, **__: Any) -> Any:
    raise Boom("raised by a hostile object")


@types.coroutine
def _awaitable(*_: Any, **__: Any) -> Iterator[None]:
    """Stand where a plain function is expected; what it returns may be dropped in silence."""
    yield


def _closed() -> Iterator[int]:
    made = (number for number in (1, 2))
    made.close()
    return made


def evil(dunder: str, act: Callable[..., Any] = _raise, alike: Any = None) -> Any:
    """Return an object with the hash of another, less than every other; a dunder acts, then answers."""
    calm: dict[str, Any] = {
        "__eq__": object.__eq__,
        "__hash__": lambda _: hash(alike),
        "__lt__": lambda one, other: one is not other,
        "__gt__": lambda *_: False,
        "__repr__": lambda _: "evil",
    }

    def acting(name: str) -> Callable[..., Any]:
        def answer(*given: Any) -> Any:
            act()
            return calm.get(name, id)(*given)

        return answer

    names = ("__lt__", "__gt__") if dunder == "__lt__" else (dunder,)
    return type(f"Evil{dunder}", (), {**calm, **{name: acting(name) for name in names}})()


def twin(value: Any) -> Any:
    """Return another value than the declared one, which is put beside it."""
    return evil("__repr__", int, value.value) if isinstance(value, Key) else value


def _evils(alike: Any, *dunders: str) -> Iterator[Input]:
    for dunder in (*dunders, "__del__"):
        make = lambda act=_raise, dunder=dunder: evil(dunder, act, alike)  # noqa: E731
        if dunder != "__del__":
            yield Input(f"raises in {dunder}", make)
        if dunder not in ("__index__", "__float__"):
            yield Input(f"calls back in {dunder}", make, back=True)


def _plain_inputs(*values: Any) -> Iterator[Input]:
    for value in values:
        shown = repr(value) if isinstance(value, float) or len(value) < 9 else f"{len(value)} long"
        yield Input(shown, lambda value=value: value, nan=value != value)


def _numbers(valid: float, many: int) -> Iterator[Input]:
    whole = isinstance(valid, int)
    yield from _plain_inputs(math.nan, math.inf, -math.inf, *(() if whole else (-0.0, 0.5)))
    huge = (10**400, -(10**400), 2**63) if many == MANY else ()
    for number in (0, 1, -1, *huge):
        yield Input(str(number)[:20], lambda one=number: one)
    if whole:
        yield Input("True", lambda: True, (1,))
    yield from _evils(valid, "__lt__", "__eq__", "__index__", "__float__")
    if find_spec("numpy"):
        import numpy as np

        for name in _WIDTHS.split():
            numbers: tuple[float, ...] = (valid, 200) if whole else (valid, math.nan)
            for number in numbers if ("int" in name) == whole else ():
                with contextlib.suppress(OverflowError):
                    scalar = getattr(np, name)(number)
                    if scalar == number or number != number:
                        like = (number,) if whole else ()
                        yield Input(
                            f"{name}({number})", lambda one=scalar: one, like, number != number
                        )


def _texts(many: int) -> Iterator[Input]:
    yield from _plain_inputs("", "a", "\ud800", "\x00", "\x1b[31m", "\x9b31m", "\ufeff", "\u202ea")
    yield from _plain_inputs("a" * many, "(" * min(many, 5000), "9" * min(many, 5000))


def _iterables(valid: Any, many: int) -> Iterator[Input]:
    items = list(valid)
    if not isinstance(valid, tuple):  # which is a record: as many items as it has
        yield Input("a one-shot iterator", lambda: iter(list(items)), (list(items),))
        yield Input("an exhausted iterator", lambda: iter(()), ([],))
        yield Input("a closed generator", _closed, ([],))
        yield Input("one item", lambda: items[:1])
        yield Input("an iterator that raises", lambda: map(_raise, items or [1]))
        yield Input("one that raises late", lambda: itertools.chain(items, map(_raise, [1])))
        yield from _plain_inputs([])
    kind = type(valid) if isinstance(valid, tuple) else list
    for found in inputs_for(items[0], many - 1) if items else ():
        like = tuple(kind([one, *items[1:]]) for one in found.like if found.name != "True")
        make = lambda *act, make=found.make: kind([make(*act), *items[1:]])  # noqa: E731
        nan = found.nan and not isinstance(items[0], int)
        yield Input(f"[{found.name}, ...]", make, like, nan, found.back)


def _callables() -> Iterator[Input]:
    yield Input("a callable that raises", lambda: _raise)
    yield Input("an async callable", lambda: _awaitable)
    yield Input("a callable that returns NaN", lambda: lambda *_, **__: math.nan)
    yield Input("a generator function", lambda: lambda *_, **__: (i for i in range(0)))


def inputs_for(value: Any, many: int) -> Iterator[Input]:
    """Yield the hostile values for an argument whose valid value is this one."""
    if isinstance(value, Key):
        yield from _plain_inputs((), "", "\ud800", math.inf, frozenset(), [1], {}, bytearray(b"a"))
        yield from _evils(value.value, "__eq__", "__hash__", "__lt__")
    elif isinstance(value, bool | Fixed | Path | type):
        return
    elif isinstance(value, int | float):
        yield from _numbers(value, many)
    elif isinstance(value, str):
        yield from _texts(many)
    elif isinstance(value, bytes):
        yield from _plain_inputs(b"", b"\xff\xfe", b"\x00", b"\xef\xbb\xbf", b"a" * many)
    elif isinstance(value, Mapping):
        yield from _plain_inputs({}, {"\ud800": "\ud800"}, {"": math.nan})
    elif isinstance(value, list | tuple | set | frozenset | Iterator):
        yield from _iterables(value, many)
    elif callable(value):
        yield from _callables()


def finish(answer: Any) -> Any:
    """Await what is awaitable and walk what is lazy: there the errors are."""
    answer = _walk(answer) if inspect.isasyncgen(answer) else answer
    if inspect.iscoroutine(answer):
        with contextlib.closing(answer):  # no loop may be begun inside another
            return asyncio.run(answer)
    if isinstance(answer, Iterator) and not hasattr(answer, "__exit__"):
        return list(itertools.islice(answer, _ITEMS))
    return answer


async def _walk(answer: Any) -> list[Any]:
    found: list[Any] = []
    async for one in answer:
        found.append(one)
        if len(found) == _ITEMS:
            break
    await answer.aclose()
    return found
