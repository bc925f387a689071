"""The domain without input and output: deciders (Chassaing), one for stock and one for orders.

A decider is four things: an initial state, `decide(command, state) -> events`, `evolve(state,
event) -> state`, and which states are final. Nothing in here reads a clock or a disk, so every
rule is tested by given-when-then with plain values. This package imports the standard library
and itself, which `.importlinter` checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

S = TypeVar("S")


class ArchitectureError(Exception):
    """The base of every error of this package."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class CommandRejected(ArchitectureError):
    """A rule of the domain says no; `code` is stable, `detail` is for people.

    >>> str(CommandRejected("bad_state", "order is cancelled"))
    'bad_state: order is cancelled'
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Decider(Generic[S]):
    """The rules of one kind of aggregate.

    Attributes:
        name: the kind; streams are called ``name-id``.
        schema: of the state; a snapshot with another one is not used.
    """

    name: str
    initial: S
    decide: Callable[[Any, S], list[Any]]
    evolve: Callable[[S, Any], S]
    is_terminal: Callable[[S], bool] = lambda _: False
    schema: int = 1

    def fold(self, events: Iterable[Any], state: S | None = None) -> S:
        """Return the state after events, from the initial one unless told otherwise."""
        now = self.initial if state is None else state
        for event in events:
            now = self.evolve(now, event)
        return now


def whole(name: str, number: int, least: int = 1) -> None:
    """Raise ValueError unless a number is an int from `least` that JSON and SQLite carry exactly."""
    if type(number) is not int or not least <= number < 2**53:
        raise ValueError(f"{name} must be a whole number from {least} to 2**53, not {number!r}")


def named(name: str, text: str) -> None:
    """Raise ValueError unless a text is there, printable, and belongs to no system stream."""
    fine = isinstance(text, str) and text.strip() and text.isprintable()
    if not fine or text.startswith("$"):
        raise ValueError(f"{name} must be a printable text without a leading $, not {text!r}")
