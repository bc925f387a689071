"""Waiting: a poll that sleeps takes most of the time and no processor at all."""

from __future__ import annotations

import time

HOT = "poll"
WHERE = "wait"
MEASURE = "wall"
SIZE = 16
NAP_S = 0.015
STUBS = {"poll": lambda: 1, "crunch": lambda _number: 0}


def build(size: int, seed: int) -> int:
    """Return the number of rounds."""
    return size + seed % 2


def poll() -> int:
    """Wait for an answer that takes a while."""
    time.sleep(NAP_S)
    return 1


def crunch(number: int) -> int:
    """Compute for a few milliseconds."""
    total = 0
    for turn in range(60_000):
        total += turn % 7 * number
    return total


def run(rounds: int) -> int:
    """Return what the rounds add up to."""
    return sum(poll() + crunch(number) for number in range(rounds))
