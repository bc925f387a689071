"""The observer effect: a function of many tiny calls beside a plain loop that costs more."""

from __future__ import annotations

HOT = "one_loop"
WHERE = "python"
MEASURE = "cpu"
SIZE = 1_500_000
STUBS = {"many_small": lambda _turns: 0, "one_loop": lambda _turns: 0}


def build(size: int, seed: int) -> int:
    """Return the number of calls; the loop makes two thirds more turns."""
    return size + seed % 2


def tiny(number: int) -> int:
    """Return the next number."""
    return number + 1


def many_small(turns: int) -> int:
    """Count by calling a function."""
    total = 0
    for _ in range(turns):
        total = tiny(total)
    return total


def one_loop(turns: int) -> int:
    """Add up without calling anything."""
    total = 0
    for number in range(turns):
        total += number & 7
    return total


def run(turns: int) -> int:
    """Return the sum of both parts."""
    return many_small(turns) + one_loop(turns * 5 // 3)
