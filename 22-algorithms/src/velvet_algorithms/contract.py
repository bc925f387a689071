"""What every structure here owes its caller: order, exact numbers, copies of its own, fresh walks.

NaN is neither less nor greater than anything, so a bisection or a heap would put it somewhere and
from then on answer wrongly about others; one look at each new value prevents that. NumPy's scalars
wrap around where Python's integers grow, so what comes in becomes Python's. A copy that shares a
list with its original breaks both.
"""

from __future__ import annotations

import copy
import operator
import random
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")
_CONTAINERS = (list, dict, OrderedDict, deque, set, bytearray, random.Random)


def refuse_nan(value: Any) -> None:
    """Raise ValueError if the value has no place in an order."""
    try:
        ordered = value == value
    except ArithmeticError:  # a signalling NaN of `decimal`
        ordered = False
    if not ordered:
        raise ValueError(f"{value!r} is not ordered: it has no place among sorted values")


def refuse_unordered(values: list[Any]) -> None:
    """Raise ValueError naming the first value that has no place in an order."""
    try:
        if not any(map(operator.ne, values, values)):  # a look costs 20 ns each, in C
            return
    except ArithmeticError:
        pass  # some value is a signalling NaN; which one, the loop finds
    for value in values:
        refuse_nan(value)


def plain(number: Any) -> Any:
    """Return a number as Python's own, if it is a NumPy scalar, whose sums would wrap around."""
    return number.item() if hasattr(number, "dtype") and hasattr(number, "item") else number


def ensure(holds: bool, broken: str) -> None:
    """Raise AssertionError where an invariant does not hold, also under `python -O`."""
    if not holds:
        raise AssertionError(broken)


def changed_meanwhile() -> RuntimeError:
    """Return the error of a call whose comparison, hash or equality changed what it works on."""
    return RuntimeError(
        "it changed during the call, by a comparison or a hash; change it afterwards"
    )


def watched(parts: Iterator[T], changes: Callable[[], int]) -> Iterator[T]:
    """Pass parts on; raise RuntimeError where `changes` has counted on since this was called."""
    stamp = changes()

    def unchanged() -> None:
        if changes() != stamp:
            raise RuntimeError("it changed during iteration; iterate over a list of it")

    def walk() -> Iterator[T]:
        unchanged()
        for part in parts:
            yield part
            unchanged()

    return walk()


class OwnCopies:
    """A mixin for structures that are lists and dictionaries inside.

    `copy.copy` gives a structure of its own that holds the same values. Structures of linked nodes
    write down and build themselves, so that no pickle is too deep for the interpreter.
    """

    __slots__ = ()
    _nested: ClassVar[tuple[str, ...]] = ()  # attributes that hold containers of containers

    def __getstate__(self) -> Any:
        names = dict.fromkeys(
            name for kind in type(self).__mro__ for name in getattr(kind, "__slots__", ())
        )
        state = {name: getattr(self, name) for name in names if name != "__weakref__"} | getattr(
            self, "__dict__", {}
        )
        for name, value in state.items():
            if isinstance(value, _CONTAINERS) or hasattr(value, "itemsize"):
                state[name] = copy.copy(value)
            if name in self._nested:
                outer = state[name]
                for at in outer if isinstance(outer, dict) else range(len(outer)):
                    outer[at] = copy.copy(outer[at])
        return state

    def __setstate__(self, state: Any) -> None:
        for name, value in state.items():
            setattr(self, name, value)
