"""Keys that count how often they are compared, for claims that hold on every machine.

Seconds differ between machines and between runs; the number of comparisons that an algorithm
makes on one input does not. Wrap the keys, run the algorithm, read the tally, fit its growth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass
class Tally:
    """How many comparisons the keys that share it have made."""

    comparisons: int = 0


class CountingKey:
    """A key that orders as its value does and counts each `<`, `<=`, `>`, `>=`, `==`.

    Args:
        value: what is compared.
        tally: where it is counted; share one among the keys of a run.
    """

    __slots__ = ("tally", "value")

    def __init__(self, value: Any, tally: Tally) -> None:
        self.value = value
        self.tally = tally

    def __lt__(self, other: CountingKey) -> bool:
        self.tally.comparisons += 1
        return bool(self.value < other.value)

    def __le__(self, other: CountingKey) -> bool:
        self.tally.comparisons += 1
        return bool(self.value <= other.value)

    def __gt__(self, other: CountingKey) -> bool:
        self.tally.comparisons += 1
        return bool(self.value > other.value)

    def __ge__(self, other: CountingKey) -> bool:
        self.tally.comparisons += 1
        return bool(self.value >= other.value)

    def __eq__(self, other: object) -> bool:
        self.tally.comparisons += 1
        return isinstance(other, CountingKey) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"CountingKey({self.value!r})"


def counting(values: Iterable[Any]) -> tuple[list[CountingKey], Tally]:
    """Wrap values; return the keys and the tally that they share.

    >>> keys, tally = counting([3, 1, 2])
    >>> keys[1] < keys[2], tally.comparisons
    (True, 1)
    """
    tally = Tally()
    return [CountingKey(value, tally) for value in values], tally
