"""What a strategy needs to know about a program, all in one value.

A strategy knows how to look; a kit knows what there is to look at: examples, an edge table,
generators, a model, relations. A kit never knows a bug. Rows are Boolean expressions over the
program's names, so a table reads like the documentation and one interpreter serves every program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from hypothesis.strategies import SearchStrategy

Check = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Machine:
    """A real object beside a model that is obviously right; both answer the same operations.

    Attributes:
        ops: the operation's name -> generators of its arguments.
        real: makes the adapter around the program's object.
        model: makes the model; its methods have the operations' names.
    """

    ops: Mapping[str, tuple[SearchStrategy[Any], ...]]
    real: Callable[[ModuleType], Any]
    model: Callable[[], Any]


@dataclass(frozen=True)
class Race:
    """Coroutines that run beside each other, and what must hold afterwards."""

    make: Callable[[ModuleType], tuple[Any, Sequence[Any]]]
    check: Callable[[Any], None]


@dataclass(frozen=True)
class Kit:
    """Everything that strategies may know about a program; what is absent is not supported.

    Attributes:
        happy: rows that an author writes first.
        edges: rows of boundary value analysis: at, just below and just above each limit.
        contract: rows that any implementation of the same interface must meet.
        snapshot: expressions whose values were approved once.
        tools: names for the rows beside the program's own.
        seeds, target, invariant: inputs to mutate, the call that must not crash, and what must
            hold of it.
        allowed: exceptions that are answers and no crashes.
        inputs, exercise, check, oracle, relate: generated inputs, one observed call, its
            properties, a slow obvious answer, relations between answers.
        machine: for state over time.
        fault: fails the n-th call to the outside and checks; False when there is no n-th.
        races: for schedules.
    """

    happy: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    contract: tuple[str, ...] = ()
    snapshot: tuple[str, ...] = ()
    tools: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[Any, ...] = ()
    target: Callable[[Any, Any], Any] | None = None
    invariant: Check | None = None
    allowed: tuple[type[BaseException], ...] = (ValueError,)
    inputs: SearchStrategy[Any] | None = None
    exercise: Callable[[Any, Any], Any] | None = None
    check: Check | None = None
    oracle: Callable[[Any], Any] | None = None
    relate: Check | None = None
    machine: Machine | None = None
    fault: Callable[[Any, int], bool] | None = None
    races: tuple[Race, ...] = ()

    def evaluate(self, module: ModuleType, expression: str) -> Any:
        """Return the value of a row's expression over the program's names."""
        names = {"raises": raises, "play": play, **vars(module), **self.tools, "program": module}
        return eval(expression, names)  # noqa: S307 - rows are written in this repository

    def hold(self, module: ModuleType, rows: Sequence[str]) -> None:
        """Raise AssertionError with the first row that is not true."""
        for row in rows:
            assert self.evaluate(module, row) is True, row


def raises(error: type[BaseException], call: Callable[..., Any], *args: Any) -> bool:
    """Return whether a call raises that error and no other.

    >>> raises(ValueError, int, "x"), raises(ValueError, int, "1")
    (True, False)
    """
    try:
        call(*args)
    except error:
        return True
    return False


def play(subject: Any, script: str) -> list[Any]:
    """Call methods by a script and return what they answered; AttributeError: there is no such one.

    >>> play([], "append 3; append 4; index 4")
    [None, None, 1]
    """
    answers = []
    for line in script.split(";"):
        name, *words = line.split()
        args = [int(word) if word.lstrip("-").isdigit() else word for word in words]
        answers.append(answer(subject, name, *args))
    return answers


def answer(subject: Any, name: str, *args: Any) -> Any:
    """Return what a method returns, or the name of the error that it raises."""
    try:
        return getattr(subject, name)(*args)
    except (ArithmeticError, LookupError, ValueError, TypeError) as error:
        return type(error).__name__
