"""Claims: comparisons of a measured figure with a bound, which a run can refute.

An operand (`ratio`, `speedup`, `value`, `growth`, `across`) names what is looked up in the
measured rows; comparing it with a number gives a condition. A condition HOLDS when the
whole interval meets the bound, FAILS when none of it does, and is INCONCLUSIVE otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from typing import Any

from velvet.bench.stats import Estimate

# A run's measurements (`velvet.bench.measured.Measured`), which this file may not import: a suite
# declares claims, and what is measured knows its suite.
Lookup = Any
Size = Mapping[str, Any]


class Verdict(str, Enum):
    """What a run says about a claim."""

    HOLDS = "HOLDS"
    FAILS = "FAILS"
    INCONCLUSIVE = "INCONCLUSIVE"


class NotMeasured(Exception):
    """A claim looks at a row that this run does not have; the message says why."""


class ContenderFailed(NotMeasured):
    """A claim looks at a contender that crashed, hung, or was refused; its error is the reason."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one condition; `again` when it was measured a second time."""

    verdict: Verdict
    text: str
    interval: Estimate | None
    bound: str
    reason: str = ""
    again: bool = False


@dataclass(frozen=True)
class Condition:
    """An operand with a bound, or several of them joined by ``&``."""

    operand: Operand
    low: float | None = None
    high: float | None = None
    others: tuple[Condition, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        return replace(self, others=(*self.others, *other.parts))

    def __bool__(self) -> bool:
        raise TypeError("join conditions with &, not `and`; a condition has no truth before a run")

    @property
    def parts(self) -> tuple[Condition, ...]:
        """This condition and every one joined to it."""
        return (replace(self, others=()), *self.others)

    @property
    def bound(self) -> str:
        """The bound as it is read: ``>= 25``."""
        if self.low is not None and self.high is not None:
            return f"= {self.low:g}" if self.low == self.high else f"in {self.low:g}..{self.high:g}"
        return f">= {self.low:g}" if self.low is not None else f"<= {self.high:g}"

    def judge(self, lookup: Lookup) -> Finding:
        """Compare the measured interval with the bound."""
        found = self.operand.find(lookup)
        lo, hi = found.ends
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if low <= lo and hi <= high:
            verdict = Verdict.HOLDS
        elif hi < low or lo > high:
            verdict = Verdict.FAILS
        else:
            verdict = Verdict.INCONCLUSIVE
        reason = "the interval spans the bound" if verdict is Verdict.INCONCLUSIVE else ""
        return Finding(verdict, self.operand.text, found, self.bound, reason)


@dataclass(frozen=True, eq=False)
class Operand:
    """Something a claim can bound; made by the functions below, never directly."""

    text: str
    benches: tuple[str, ...]
    contenders: tuple[str, ...]
    size: Mapping[str, Any]
    find: Callable[[Lookup], Estimate]
    over: str = ""

    def __ge__(self, bound: float) -> Condition:
        return Condition(self, low=float(bound))

    def __le__(self, bound: float) -> Condition:
        return Condition(self, high=float(bound))

    def equals(self, bound: float) -> Condition:
        """Demand exactly this value, for deterministic figures."""
        return Condition(self, low=float(bound), high=float(bound))

    def between(self, low: float, high: float) -> Condition:
        """Demand a value within both bounds."""
        return Condition(self, low=float(low), high=float(high))

    def __sub__(self, other: Operand) -> Operand:
        """The difference of two unpaired operands; its interval takes the worst ends."""

        def find(lookup: Lookup) -> Estimate:
            a, b = self.find(lookup), other.find(lookup)
            (a_lo, a_hi), (b_lo, b_hi) = a.ends, b.ends
            return Estimate(a.value - b.value, a_lo - b_hi, a_hi - b_lo, min(a.n, b.n))

        # Operands at two sizes are looked at in all of them, one size would lack the other.
        apart = any(other.size.get(name, value) != value for name, value in self.size.items())
        return Operand(
            f"({self.text} - {other.text})",
            self.benches + other.benches,
            self.contenders + other.contenders,
            {} if apart else {**self.size, **other.size},
            find,
            "*" if apart else self.over or other.over,
        )


def _where(size: Mapping[str, Any]) -> str:
    return "".join(f", {name}={value}" for name, value in size.items())


def ratio(bench: str, a: str, b: str, metric: str | None = None, **size: Any) -> Operand:
    """a's figure over b's, paired by round, in the metric's own unit (ops/s: higher is faster)."""
    text = f"ratio({a}/{b}, {metric or bench}{_where(size)})"
    return Operand(text, (bench,), (a, b), size, lambda run: run.paired(bench, a, b, metric, size))


def speedup(bench: str, fast: str, slow: str, **size: Any) -> Operand:
    """How many times less time `fast` takes than `slow`, paired by round."""
    text = f"speedup({fast} over {slow}, {bench}{_where(size)})"
    asked = (bench, slow, fast, "time", size)
    return Operand(text, (bench,), (fast, slow), size, lambda run: run.paired(*asked))


def value(bench: str, contender: str, metric: str | None = None, **size: Any) -> Operand:
    """One contender's figure itself; for deterministic values and shares, not for seconds."""
    text = f"value({contender}, {metric or bench}{_where(size)})"
    asked = (bench, contender, metric, size)
    return Operand(text, (bench,), (contender,), size, lambda run: run.figure(*asked))


def across(
    bench: str, contender: str, metric: str | None = None, *, first: Size, second: Size
) -> Operand:
    """One contender's figure at one size over its figure at another."""
    text = f"across({contender}, {metric or bench}: {_where(first)[2:]} / {_where(second)[2:]})"
    asked = (bench, contender, metric, first, second)
    return Operand(text, (bench,), (contender,), {}, lambda run: run.across(*asked), over="*")


def growth(
    bench: str, contender: str, *, over: str, metric: str | None = None, **size: Any
) -> Operand:
    """How a contender's cost grows over one size axis: the exponent b of cost ~ size**b."""
    text = f"growth({contender}, {metric or bench} over {over}{_where(size)})"
    asked = (bench, contender, metric, over, size)
    return Operand(text, (bench,), (contender,), size, lambda run: run.growth(*asked), over=over)


def geometric_mean(*operands: Operand) -> Operand:
    """The geometric mean of several ratios: what they come to together, none weighing more.

    Its interval takes their errors as independent, as they are for comparisons or sizes that are
    measured one after another.
    """
    if len(operands) < 2:
        raise ValueError("a geometric mean needs at least two operands")

    def find(lookup: Lookup) -> Estimate:
        found = [operand.find(lookup) for operand in operands]
        for operand, one in zip(operands, found, strict=True):
            if min(one.value, one.ends[0]) <= 0:
                raise NotMeasured(f"{operand.text} is not clear of zero")
        middle = sum(math.log(one.value) for one in found) / len(found)
        below, above = (
            math.hypot(*(math.log(one.ends[side] / one.value) for one in found)) / len(found)
            for side in (0, 1)
        )
        return Estimate(middle, middle - below, middle + above, min(one.n for one in found)).exp()

    return Operand(
        f"geometric mean of {', '.join(operand.text for operand in operands)}",
        tuple(dict.fromkeys(name for one in operands for name in one.benches)),
        tuple(dict.fromkeys(name for one in operands for name in one.contenders)),
        {},
        find,
        # Its parts may be taken at several sizes, all of which are measured.
        over="*",
    )


def order(bench: str, *contenders: str, metric: str | None = None, **size: Any) -> Condition:
    """Each of two or more contenders takes less (of a metric: has less) than the next one."""
    if len(contenders) < 2:
        raise ValueError("an order needs at least two contenders")
    first, *others = (
        (
            speedup(bench, less, more, **size) >= 1.0
            if metric is None
            else ratio(bench, more, less, metric, **size) >= 1.0
        )
        for less, more in pairwise(contenders)
    )
    return replace(first, others=tuple(others))
