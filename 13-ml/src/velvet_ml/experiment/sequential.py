"""When to look: five rules for stopping an experiment, and what each costs.

A test at 5 % is wrong once in twenty looks, and looking again is another draw. A group-sequential
rule plans its looks and raises the bar of each, so that all together are wrong once in twenty
(Pocock: the same bar at each look; O'Brien and Fleming: a high bar early, almost the usual one at
the end). An always-valid rule (mSPRT) holds at every look that there may ever be, and pays with power.
All rules judge arrays: a column of experiments at a time, or one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log, pi, sqrt
from typing import Any, Literal, Protocol, get_args

import numpy as np
from scipy import optimize, special, stats

from velvet_ml.errors import ExperimentClosed, in_range
from velvet_ml.experiment.design import require_ratio

Array = np.ndarray[Any, Any]
Shape = Literal["pocock", "obrien_fleming"]
ALPHA = 0.05


def z_scores(a: Array, b: Array, n: float) -> Array:
    """Return the z score of successes `b` against `a`, with `n` users an arm."""
    in_range("n", n, 1e-9)
    pooled = (a + b) / (2 * n)
    error = np.sqrt(2 * pooled * (1 - pooled) / n)
    ratio = np.divide(b - a, n * error, out=np.zeros(np.shape(a)), where=error > 0)
    return np.asarray(ratio)


@lru_cache(maxsize=32)
def boundaries(looks: int, shape: Shape, alpha: float = ALPHA) -> tuple[float, ...]:
    """Return the bar of |z| at each of equally spaced looks, by integration and not from a table.

    The sum of increments after look k has a density; what crossed the bar leaves it, the rest is
    convolved with the next increment (Armitage, McPherson and Rowe 1969). O(looks x grid²).

    >>> [round(bar, 3) for bar in boundaries(5, "pocock")]
    [2.413, 2.413, 2.413, 2.413, 2.413]
    >>> round(boundaries(5, "obrien_fleming")[-1], 3)
    2.04
    """
    _check_rule(looks, alpha, shape)

    def bars(c: float) -> list[float]:
        if shape == "pocock":
            return [c] * looks
        return [c * sqrt(looks / look) for look in range(1, looks + 1)]

    found = optimize.brentq(lambda c: _crossing(bars(c)) - alpha, 1.0, 6.0, xtol=1e-6)
    return tuple(bars(float(found)))


def _check_rule(looks: int, alpha: float, shape: str = "pocock") -> None:
    if shape not in get_args(Shape):
        raise ValueError(f"shape {shape!r} is none of {', '.join(get_args(Shape))}")
    in_range("looks", looks, 1)
    in_range("alpha", alpha, 1e-9, 1 - 1e-9)


def _crossing(bars: Sequence[float], points: int = 201) -> float:
    """Return the probability that a sum of standard normals crosses a bar at some look."""
    reach = bars[0]
    grid = np.linspace(-reach, reach, points)
    density = _density(grid)
    crossed = 2 * special.ndtr(-reach)
    for look, bar in enumerate(bars[1:], 2):
        edge = bar * sqrt(look)
        weights = np.full(points, grid[1] - grid[0])
        weights[[0, -1]] /= 2
        mass = density * weights
        crossed += float(mass @ (special.ndtr(grid - edge) + special.ndtr(-edge - grid)))
        after = np.linspace(-edge, edge, points)
        density = _density(after[:, None] - grid[None, :]) @ mass
        grid = after
    return float(crossed)


def _density(x: Array) -> Array:
    return np.asarray(np.exp(-0.5 * x * x) / sqrt(2 * pi))


class StoppingRule(Protocol):
    """When an experiment may be stopped for an effect."""

    @property
    def looks(self) -> int:
        """At how many equally spaced moments it looks."""

    def crossed(self, look: int, a: Array, b: Array, n: float) -> Array:
        """Return for each experiment whether it stops at look 1, 2, … with `n` users an arm."""


@dataclass(frozen=True)
class Fixed:
    """One look, at the end."""

    alpha: float = ALPHA
    looks: int = 1

    def __post_init__(self) -> None:
        _check_rule(self.looks, self.alpha)

    def crossed(self, look: int, a: Array, b: Array, n: float) -> Array:  # noqa: ARG002
        """Compare |z| with the usual 1.96."""
        return np.asarray(np.abs(z_scores(a, b, n)) > stats.norm.ppf(1 - self.alpha / 2))


@dataclass(frozen=True)
class Peeking(Fixed):
    """The usual bar at each of many looks: the counter-example."""

    looks: int = 100


@dataclass(frozen=True)
class GroupSequential:
    """Planned looks with raised bars."""

    looks: int = 5
    shape: Shape = "obrien_fleming"
    alpha: float = ALPHA

    def __post_init__(self) -> None:
        _check_rule(self.looks, self.alpha, self.shape)

    def crossed(self, look: int, a: Array, b: Array, n: float) -> Array:
        """Compare |z| with the bar of this look."""
        return np.abs(z_scores(a, b, n)) > boundaries(self.looks, self.shape, self.alpha)[look - 1]


@dataclass(frozen=True)
class MSPRT:
    """The mixture sequential probability ratio test: valid at every look (Johari et al.).

    Attributes:
        tau: the spread of effects that are thought of; the nearer to the truth, the quicker.
    """

    tau: float = 0.02
    looks: int = 100
    alpha: float = ALPHA

    def __post_init__(self) -> None:
        _check_rule(self.looks, self.alpha)
        in_range("tau", self.tau, 1e-9)

    def _log_ratio(self, a: Array, b: Array, n: float) -> Array:
        variance = _variance(a, b, n)
        both = variance + self.tau**2
        effect = (b - a) / n
        return 0.5 * np.log(variance / both) + self.tau**2 * effect**2 / (2 * variance * both)

    def crossed(self, look: int, a: Array, b: Array, n: float) -> Array:  # noqa: ARG002
        """Compare the likelihood ratio with 1 / alpha."""
        return np.asarray(self._log_ratio(a, b, n) > log(1 / self.alpha))

    def p(self, a: Array, b: Array, n: float) -> Array:
        """Return 1 / likelihood ratio; its least value so far is an always-valid p value."""
        return np.minimum(1.0, np.exp(-self._log_ratio(a, b, n)))

    def interval(self, a: Array, b: Array, n: float) -> tuple[Array, Array]:
        """Return the confidence sequence: it holds the effect at all looks at once."""
        variance, tau2 = _variance(a, b, n), self.tau**2
        inner = 2 * log(1 / self.alpha) + np.log((variance + tau2) / variance)
        reach = np.sqrt(variance * (variance + tau2) / tau2 * inner)
        return (b - a) / n - reach, (b - a) / n + reach


def _variance(a: Array, b: Array, n: float) -> Array:
    """Return the variance of the difference; half a success more keeps it above zero."""
    if not np.all(np.asarray(n) > 0):
        raise ValueError(f"{n} users an arm: more than none")
    pooled = (a + b + 1) / (2 * n + 2)
    return np.asarray(2 * pooled * (1 - pooled) / n)


@dataclass(frozen=True)
class Paths:
    """Many experiments as they unfold: cumulated successes at equally spaced moments.

    Attributes:
        n: users an arm at each moment.
        a, b: successes, one row an experiment, one column a moment.
    """

    n: Array
    a: Array
    b: Array


def paths(
    experiments: int, *, per_arm: int, base: float, lift: float, seed: int, steps: int = 100
) -> Paths:
    """Simulate experiments; `lift` is relative, 0.1 is a tenth more than `base`.

    Raises:
        ValueError: rates outside of 0 to 1, or fewer users than moments.
    """
    in_range("experiments", experiments, 1)
    in_range("steps", steps, 1)
    in_range("users an arm", per_arm, steps)
    if not (0 < base < 1 and 0 < (other := base * (1 + lift)) < 1):
        raise ValueError(f"rate {base} with lift {lift}: both rates between 0 and 1")
    rng = np.random.default_rng(seed)
    edges = np.linspace(0, per_arm, steps + 1).astype(int)
    more = np.diff(edges)
    a = np.cumsum(rng.binomial(more, base, (experiments, steps)), axis=1)
    b = np.cumsum(rng.binomial(more, other, (experiments, steps)), axis=1)
    return Paths(edges[1:], a, b)


@dataclass(frozen=True)
class Verdicts:
    """What a rule made of many experiments.

    Attributes:
        stopped: the moment (a column of the paths) at which each stopped; -1 for never.
        users: users an arm that each had seen by then.
    """

    stopped: Array
    users: Array = field(repr=False)

    @property
    def share(self) -> float:
        """The share that found an effect: false positives without a lift, power with one."""
        return float((self.stopped >= 0).mean())

    @property
    def mean_users(self) -> float:
        """Users an arm, on average; those that never stopped used all."""
        return float(self.users.mean())


def judge(rule: StoppingRule, many: Paths) -> Verdicts:
    """Apply a rule to experiments: all of them at once, one look after the other."""
    moments = len(many.n)
    if moments % rule.looks:
        raise ValueError(f"{rule.looks} looks do not divide {moments} moments")
    stopped = np.full(len(many.a), -1)
    for look in range(1, rule.looks + 1):
        column = look * moments // rule.looks - 1
        found = rule.crossed(look, many.a[:, column], many.b[:, column], float(many.n[column]))
        stopped = np.where((stopped < 0) & found, column, stopped)
    return Verdicts(stopped, many.n[stopped])


RULES: dict[str, StoppingRule] = {
    "fixed": Fixed(),
    "peek_100": Peeking(looks=100),
    "peek_5": Peeking(looks=5),
    "pocock": GroupSequential(shape="pocock"),
    "obrien_fleming": GroupSequential(shape="obrien_fleming"),
    "msprt": MSPRT(),
}


@dataclass(frozen=True)
class Decision:
    """What one look says."""

    look: int
    stop: bool
    difference: float


class Experiment:
    """One running experiment: feed it cumulated counts at each planned look.

    Not for several threads.
    """

    def __init__(self, rule: StoppingRule) -> None:
        self._rule, self._look, self._closed = rule, 0, False
        self._before = (0, 0, 0)

    def update(self, n: int, a: int, b: int, *, arms: tuple[int, int] | None = None) -> Decision:
        """Judge one look: `n` users an arm so far, with `a` and `b` successes.

        Args:
            arms: the users that each arm really has; checked against an even split.

        Raises:
            ExperimentClosed: it has stopped, or all planned looks are used.
            SampleRatioMismatch: the arms are not even.
            ValueError: counts that shrink, or exceed the users.
        """
        if self._closed:
            raise ExperimentClosed(f"decided at look {self._look}: start a new experiment")
        for what, count, before in zip("nab", (n, a, b), self._before, strict=True):
            in_range(f"{what} (counts grow, up to n)", count, before, n)
        in_range("n", n, 1)
        if arms is not None:
            require_ratio(arms, (0.5, 0.5))
        self._look, self._before = self._look + 1, (n, a, b)
        one = np.array([a], dtype=float), np.array([b], dtype=float)
        stop = bool(self._rule.crossed(self._look, *one, float(n))[0])
        self._closed = stop or self._look == self._rule.looks
        return Decision(self._look, stop, (b - a) / n)
