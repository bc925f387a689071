"""How soon is a change found, and how often is an alarm false? Only both together say anything.

A detector that cries at every value has a delay of one. The common currency is the run length: how
many values pass, on average, from one false alarm to the next. `calibrate` sets a threshold to a run
length, so that delays are compared between detectors that disturb you equally often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from velvet_ml.drift.stream import Detector
from velvet_ml.errors import in_range

Array = np.ndarray[Any, Any]
Make = Callable[[], Detector]
BASE = 0.1


def errors(n: int, rate: float, rng: np.random.Generator) -> list[float]:
    """Return n outcomes, 1.0 for a wrong prediction."""
    in_range("rate", rate, 0.0, 1.0)
    return [float(one) for one in rng.random(n) < rate]


def changing(
    n: int, after: int, change: float, rng: np.random.Generator, base: float = BASE
) -> list[float]:
    """Return `after` outcomes at the base rate, then `n` at a rate that is higher by `change`."""
    return errors(after, base, rng) + errors(n, base + change, rng)


def first_alarm(detector: Detector, values: Iterable[float]) -> int | None:
    """Return how many values were read up to the first alarm; None without one."""
    return next((number for number, x in enumerate(values, 1) if detector.update(x)), None)


def run_length(make: Make, *, steps: int, rounds: int, seed: int, base: float = BASE) -> float:
    """Return the mean values between false alarms on streams without change.

    Streams end after `steps`; the estimate is all values read over all alarms (infinite without
    one), which is right for streams cut short as long as alarms come at an even rate.
    """
    in_range("steps", steps, 1)
    in_range("rounds", rounds, 1)
    rng, read, alarms = np.random.default_rng(seed), 0, 0
    for _ in range(rounds):
        found = first_alarm(make(), errors(steps, base, rng))
        read += found or steps
        alarms += found is not None
    return read / alarms if alarms else float("inf")


def calibrate(
    make: Callable[[float], Detector],
    arl: int,
    *,
    seed: int,
    low: float = 0.5,
    high: float = 60.0,
    rounds: int = 40,
) -> float:
    """Return the threshold at which the run length between false alarms is `arl`.

    Halves the span; every threshold reads the same streams, so that the run length grows with it.

    Raises:
        ValueError: a run length below 10.
    """
    in_range("the run length", arl, 10)
    for _ in range(12):
        middle = (low + high) / 2

        def at_middle(threshold: float = middle) -> Detector:
            return make(threshold)

        if run_length(at_middle, steps=5 * arl, rounds=rounds, seed=seed) < arl:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@dataclass(frozen=True)
class Delay:
    """What a detector does with streams that change.

    Attributes:
        found: the share of streams whose change was found within the time that was given.
        early: the share with an alarm before the change.
        median: values from the change to the alarm, of those found; infinite without any.
    """

    found: float
    early: float
    median: float


def delay(
    make: Make,
    change: float,
    *,
    after: int = 1_000,
    within: int = 2_000,
    rounds: int = 40,
    seed: int,
) -> Delay:
    """Measure the delay on streams whose rate rises after a time; a stream with a false alarm is out."""
    in_range("rounds", rounds, 1)
    rng, found, early = np.random.default_rng(seed), list[int](), 0
    for _ in range(rounds):
        at = first_alarm(make(), changing(within, after, change, rng))
        if at is not None and at <= after:
            early += 1
        elif at is not None:
            found.append(at - after)
    tried = rounds - early
    median = float(np.median(found)) if found else float("inf")
    return Delay(len(found) / tried if tried else 0.0, early / rounds, median)
