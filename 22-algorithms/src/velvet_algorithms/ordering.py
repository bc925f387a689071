"""What every ordered structure refuses: a value that is not equal to itself, as NaN is not.

NaN is neither less nor greater than anything, so a bisection or a heap would put it somewhere
and from then on answer wrongly about others. One look at each new value prevents that. NaN
inside a tuple cannot be seen this way: tuples compare their members by identity first.
"""

from __future__ import annotations

from operator import ne
from typing import Any


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
        if not any(map(ne, values, values)):  # a look costs 20 ns each, in C
            return
    except ArithmeticError:
        pass  # some value is a signalling NaN; which one, the loop finds
    for value in values:
        refuse_nan(value)


def ensure(holds: bool, broken: str) -> None:
    """Raise AssertionError where an invariant does not hold, also under `python -O`."""
    if not holds:
        raise AssertionError(broken)
