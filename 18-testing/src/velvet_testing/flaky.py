"""Flaky tests: how many reruns prove what, why a test flickers, and which test is to blame.

A test that fails once in p runs passes n reruns with probability (1 - p)^n, so reruns prove less
than they seem to. Order-dependent tests are the largest group (59 % in Gruber, Lukasczyk, Kroiss
and Fraser 2021); for them a bisection over the tests before names the polluter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction
from operator import index

from velvet_testing.fuzz import minimise


def _probability(value: float, name: str) -> float:
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value}: it must lie between 0 and 1")
    return value


def reruns_needed(p_fail: float, confidence: float = 0.95) -> int:
    """Return the runs after which a test that fails with `p_fail` has failed at least once.

    >>> [reruns_needed(p) for p in (0.5, 0.1, 0.0175)]
    [5, 29, 170]
    """
    passes = 1 - _probability(p_fail, "p_fail")
    return math.ceil(math.log(1 - _probability(confidence, "confidence")) / math.log(passes))


def upper_bound(passes: int, confidence: float = 0.95) -> float:
    """Return the failure rate that so many passes in a row do not exclude (Clopper-Pearson).

    For many passes and 95 % it is about 3 / passes, the rule of three.

    >>> round(upper_bound(100), 4)
    0.0295
    """
    if not passes >= 1:
        raise ValueError(f"{passes} passes exclude nothing")
    return float(1 - (1 - _probability(confidence, "confidence")) ** (1 / passes))


def binomial_band(trials: int, p: float, confidence: float = 0.99) -> tuple[int, int]:
    """Return the smallest and the largest count that chance explains, in exact integers.

    >>> binomial_band(10, 0.5)
    (1, 9)
    """
    share, trials = Fraction(_probability(p, "p")), index(trials)
    if trials < 0:
        raise ValueError(f"trials must be 0 or more, not {trials}")
    tail = (1 - Fraction(_probability(confidence, "confidence"))) / 2
    hit, miss = share.numerator, share.denominator - share.numerator
    whole = share.denominator**trials
    term, below, low = miss**trials, 0, 0
    for count in range(trials):
        below += term
        if below * tail.denominator <= tail.numerator * whole:
            low = count + 1
        if below * tail.denominator >= (tail.denominator - tail.numerator) * whole:
            return low, count
        term = term * (trials - count) * hit // ((count + 1) * miss)  # divides without a rest
    return low, trials


class Verdict(str, Enum):
    """Why a test flickers."""

    STABLE = "stable"
    ORDER_DEPENDENT = "order dependent"
    NON_DETERMINISTIC = "non-deterministic"
    TIME_DEPENDENT = "time dependent"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Observation:
    """One run of one test: whether it passed, in which order, when, and where."""

    passed: bool
    order: str = ""
    hour: int = 0
    environment: str = ""


def classify(history: Sequence[Observation]) -> Verdict:
    """Return the simplest cause that explains every run.

    A cause explains when each of its values always led to the same outcome and at least one was
    seen twice; one run per value proves nothing.

    Raises:
        ValueError: there are no runs.
    """
    if not (history := list(history)):
        raise ValueError("no runs, no verdict")
    if len({one.passed for one in history}) == 1:
        return Verdict.STABLE
    causes: dict[Verdict, Callable[[Observation], object]] = {
        Verdict.ORDER_DEPENDENT: lambda one: one.order,
        Verdict.ENVIRONMENT: lambda one: one.environment,
        Verdict.TIME_DEPENDENT: lambda one: one.hour,
    }
    for verdict, value in causes.items():
        outcomes: dict[object, list[bool]] = {}
        for one in history:
            outcomes.setdefault(value(one), []).append(one.passed)
        always = all(len(set(results)) == 1 for results in outcomes.values())
        if always and any(len(results) > 1 for results in outcomes.values()):
            return verdict
    return Verdict.NON_DETERMINISTIC


class QuarantineError(ValueError):
    """An entry that excuses a test without an owner, a reason or a last day, or after that day."""


def quarantined(text: str, today: date) -> set[str]:
    """Return the tests that may be red today; a line is ``test; owner; reason; 2026-12-31``.

    Raises:
        QuarantineError: a part is missing, or the last day is over: an old excuse fails the run.
    """
    tests = set()
    for line in filter(str.strip, text.splitlines()):
        try:
            test, owner, _, last = filter(None, map(str.strip, line.split(";")))
            over = date.fromisoformat(last) < today
        except ValueError:
            raise QuarantineError(f"{line!r} is no: test; owner; reason; last day") from None
        if over:
            raise QuarantineError(f"{test} was excused until {last}: {owner} mends or deletes it")
        tests.add(test)
    return tests


class NotPolluted(ValueError):
    """The victim's failure has nothing to do with the tests before it."""


@dataclass(frozen=True)
class PollutionReport:
    """Who breaks the victim, and how many runs it took to know."""

    polluters: list[str]
    runs: int


def find_polluters(
    tests: Sequence[str], victim: str, *, runner: Callable[[list[str]], bool]
) -> PollutionReport:
    """Find the tests that make a later one fail: bisection, then delta debugging for sets.

    Args:
        tests: what runs before the victim, in order.
        runner: runs some of them and then the victim; returns whether the victim passed.

    Raises:
        NotPolluted: the victim fails alone, or passes after all tests.
    """
    runs: dict[tuple[str, ...], bool] = {}

    def fails(chosen: Sequence[str]) -> bool:
        key = tuple(chosen)
        if key not in runs:
            runs[key] = runner(list(chosen))
        return not runs[key]

    before = [test for test in tests if test != victim]
    if fails([]):
        raise NotPolluted(f"{victim} fails by itself")
    if not fails(before):
        raise NotPolluted(f"{victim}: no order failure after {len(before)} tests")
    suspects = before
    while len(suspects) > 1:
        half = len(suspects) // 2
        # Where one test alone is to blame, it is in the other half: that saves a run.
        suspects = suspects[:half] if fails(suspects[:half]) else suspects[half:]
    polluters = suspects if fails(suspects) else minimise(list(before), fails)
    return PollutionReport(polluters, len(runs))
