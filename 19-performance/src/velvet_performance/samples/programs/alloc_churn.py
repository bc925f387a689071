"""Allocation: lists are built to be added up and thrown away."""

from __future__ import annotations

HOT = "churn"
WHERE = "python"
MEASURE = "cpu"
SIZE = 1_200
STUBS = {"churn": lambda _rounds: 0, "steady": lambda _rounds: 0}


def build(size: int, seed: int) -> int:
    """Return the number of rounds."""
    return size + seed % 2


def churn(rounds: int) -> int:
    """Build a list of new numbers in each round, and copy it twice."""
    total = 0
    for number in range(rounds):
        rows = [number + 1000 + offset for offset in range(2_000)]
        rows = list(reversed(rows))
        total += sum(row[0] for row in [(value,) for value in rows])
    return total


def steady(rounds: int) -> int:
    """Add up as many numbers without keeping any."""
    total = 0
    for number in range(rounds * 800):
        total += number % 11
    return total


def run(rounds: int) -> tuple[int, int]:
    """Return the sums of both parts."""
    return churn(rounds), steady(rounds)
