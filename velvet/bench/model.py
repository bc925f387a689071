"""What is compared: comparisons, their contenders, and what a contender may return.

Declaring measures nothing. A contender is a *set-up*: it receives the size, does its
untimed work and returns the callable that is timed, so that a child process can find it by
name in the freshly imported file and nothing has to be pickled.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from velvet.bench.figures import SCALES

Kind = Literal["micro", "run", "value"]
Tier = Literal["quick", "default", "full"]
Size = Mapping[str, Any]
TIERS: tuple[Tier, ...] = ("quick", "default", "full")
KINDS: tuple[Kind, ...] = ("micro", "run", "value")
LABEL = "label"
# What the harness itself writes; a metric of the same name would overwrite it.
_MEASURED = frozenset({"ops", "time", "wall", "wall_s", "cpu", "cpu_s", "cold", "cold_s"}) | {
    f"{name}_mb" for name in ("peak", "delta", "alloc", "tree", "floor")
}
MODE_VARIABLE = "VELVET_BENCH_MODE"


def mode() -> Tier:
    """Return the tier this process measures for; set-ups scale long rows by it."""
    return next((tier for tier in TIERS if tier == os.environ.get(MODE_VARIABLE)), "default")


@dataclass(frozen=True)
class Metric:
    """A measured quantity: its unit and which direction is better.

    The unit ``label`` is for words instead of numbers, such as "refused", in a `value` comparison.
    """

    unit: str
    better: Literal["lower", "higher"] = "lower"

    @classmethod
    def of(cls, spec: str | Metric) -> Metric:
        """Read a metric from its unit; units per second are better when higher."""
        if isinstance(spec, Metric):
            return spec
        return cls(spec, "higher" if spec.endswith("/s") else "lower")


class Absent(Exception):
    """Raised by a set-up whose contender cannot run here; the message is the reason shown.

    For what no `needs=` can know before the set-up looked, such as a feature of the server that
    was found. The row is listed as skipped with the reason, and nothing else changes.
    """


@dataclass(frozen=True)
class Outcome:
    """What one call of a `run` contender may return beside plain metrics.

    Attributes:
        metrics: name -> number; declared on the comparison.
        seconds: replaces the wall time, for example where it was extrapolated.
        measured_n: the workload really run when `seconds` is extrapolated from it.
        result: what `same_result` or `check` looks at.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    measured_n: int | None = None
    result: Any = None


@dataclass(frozen=True)
class Timed:
    """A timed callable with untimed work around it.

    Attributes:
        call: what is timed. With `prepare` it receives what `prepare` returned.
        prepare: run untimed before every single call (for work that consumes its input).
            A comparison with `inputs` does that for all its contenders.
        metrics: run once after the rounds; returns figures that cost no time (hits, bytes).
    """

    call: Callable[..., Any]
    prepare: Callable[[], Any] | None = None
    metrics: Callable[[], Mapping[str, float]] | None = None


@dataclass(frozen=True)
class Command:
    """A whole program as a contender; time, CPU and memory are those of the child process.

    Attributes:
        ok: exit codes that count as success.
        env: variables added to the environment, or taken from it where the value is None.
    """

    argv: Sequence[str]
    env: Mapping[str, str | None] = field(default_factory=dict)
    cwd: str | None = None
    stdin: bytes = b""
    ok: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Contender:
    """One of the things compared; `Comparison.add` says what each field means."""

    name: str
    setup: Callable[..., Any]
    baseline: bool = False
    needs: tuple[str, ...] = ()
    when: Callable[..., bool] | None = None
    threads: int = 1
    note: str = ""
    tier: Tier = "quick"
    tuned_of: str = ""

    def takes(self, size: Size, tier: Tier = "full") -> bool:
        """Whether this contender runs at a size (`when=` caps the slow ones) in a tier."""
        due = TIERS.index(tier) >= TIERS.index(self.tier)
        return due and (self.when is None or bool(self.when(**size)))


def size_key(size: Size) -> str:
    """Return the stable text of a size: ``"window=1000,threads=4"``; empty for none."""
    return ",".join(f"{name}={value}" for name, value in size.items())


def matches(size: Size, wanted: Size) -> bool:
    """Whether a size has the wanted values on the axes that are named."""
    return all(size.get(name) == value for name, value in wanted.items())


@dataclass(eq=False)
class Comparison:
    """Contenders on one workload, at one or more sizes.

    Attributes:
        unit: of the main figure: ``s``, ``ms``, ``us``, ``ns`` or a rate such as ``ops/s``.
        kind: ``micro`` (interleaved calls up to about 50 ms in one process), ``run`` (every
            sample a fresh child: I/O, memory, pools) or ``value`` (deterministic figures).
        sizes: given as name -> values (their product), or as a list of dicts.
        metrics: extra figures that contenders return, given as unit or `Metric`.
        items: things done per call; times are per item and rates count items.
        inputs: makes the input of one call from the size and a keyword `seed`, untimed. The
            callables that set-ups return then take it as their one argument, and no two calls
            receive the same one, so that an answer that is remembered is of no use.
        physical_limit: the best figure of the comparison's unit that can be true: the least
            time, the highest rate. A row beyond it is an error and no figure.
        clock: ``cpu`` is the default of `micro` (thread time), ``wall`` that of `run` and of Windows.
        gc: ``off`` only for allocation-free work of nanoseconds.
        tier: the smallest tier that measures it at all.
        quick, default: which sizes these tiers measure; `full` takes all.
        rounds: rounds per process (`micro`) or children per contender (`run`), by tier.
        limit: seconds after which a child is ended and its row reported as an error.
        tree, floor, alloc: also measure memory and CPU time of the whole process tree; memory of
            a child that only sets up, for `delta_mb`; the tracemalloc peak (`run` only).

    An unknown kind, an empty axis and the name of a metric that the harness measures are refused
    with a ValueError.
    """

    name: str
    unit: str = "s"
    kind: Kind = "micro"
    sizes: Sequence[Size] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    title: str = ""
    items: int | Callable[..., float] = 1
    inputs: Callable[..., Any] | None = None
    physical_limit: float | Callable[..., float] | None = None
    clock: str = ""
    gc: Literal["on", "off"] = "on"
    tier: Tier = "quick"
    quick: Callable[..., bool] | None = None
    default: Callable[..., bool] | None = None
    rounds: Mapping[Tier, int] = field(default_factory=dict)
    limit: float = 120.0
    tree: bool = False
    floor: bool = False
    alloc: bool = False
    contenders: dict[str, Contender] = field(default_factory=dict, init=False)
    checker: Callable[[Any], Any] | None = field(default=None, init=False)
    same: Callable[[Any, Any], bool] | None = field(default=None, init=False)
    types_differ: str = field(default="", init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                f"{self.name}: kind must be one of {', '.join(KINDS)}, not {self.kind!r}"
            )
        if taken := ", ".join(sorted(_MEASURED & set(self.metrics))):
            raise ValueError(f"{self.name}: {taken} is measured by the harness; rename")
        if isinstance(self.sizes, Mapping):
            columns = [[(key, value) for value in values] for key, values in self.sizes.items()]
            self.sizes = [dict(cell) for cell in itertools.product(*columns)]
            if not self.sizes:
                raise ValueError(f"{self.name}: an axis of its sizes has no values")
        self.sizes = list(self.sizes) or [{}]
        self.title = self.title or self.name
        self.metrics = {key: Metric.of(spec) for key, spec in self.metrics.items()}
        if not self.clock:
            # The thread clock of Windows moves in steps of about 15.6 ms, far longer than a round.
            self.clock = "cpu" if self.kind == "micro" and sys.platform != "win32" else "wall"

    @property
    def main_metric(self) -> str:
        """``"ops"`` for rates, ``"time"`` for durations, else the first declared metric."""
        if self.unit.endswith("/s") and self.kind == "micro":
            return "ops"
        if self.unit in SCALES and self.kind != "value":
            return "time"
        return next(iter(self.metrics), "value")

    def metric(self, name: str) -> Metric:
        """Return unit and direction of one of this comparison's metrics."""
        if name in self.metrics:
            return self.metrics[name]
        if name in ("ops", "time", "value"):
            return Metric.of(self.unit)
        return Metric("MB" if name.endswith("_mb") else "s" if name in ("cpu", "cold") else "")

    def from_seconds(self, seconds: float, size: Size) -> float:
        """Convert seconds per call to the comparison's unit."""
        items = self.items(**size) if callable(self.items) else self.items
        if self.main_metric == "ops":
            return items / seconds
        return seconds / SCALES.get(self.unit, 1.0) / items

    def implausible(self, figure: float, size: Size) -> str:
        """Return why a figure of the main metric cannot be true; empty when it may be."""
        limit = self.physical_limit
        limit = limit(**size) if callable(limit) else limit
        higher = self.metric(self.main_metric).better == "higher"
        if limit is None or (figure <= limit if higher else figure >= limit):
            return ""
        side = "above" if higher else "below"
        return f"implausible: {figure:.3g} {self.unit} is {side} the limit of {limit:.3g}"

    def in_tier(self, tier: Tier) -> list[Size]:
        """Return the sizes that a tier measures."""
        due = TIERS.index(tier) >= TIERS.index(self.tier)
        limits = {"quick": (self.default, self.quick), "default": (self.default,), "full": ()}[tier]
        wanted = [limit for limit in limits if limit is not None]
        return [one for one in self.sizes if due and all(limit(**one) for limit in wanted)]

    def add(
        self,
        name: str,
        setup: Callable[..., Any],
        *,
        needs: str | Iterable[str] = (),
        baseline: bool = False,
        **options: Any,
    ) -> None:
        """Register a contender.

        Args:
            setup: receives the size as keywords and returns what is timed: a callable, a
                coroutine function, a `Timed`, a `Command`, or (as a generator function)
                yields one of these and cleans up after the yield.
            needs: see `velvet.needs`; unmet, the row is listed as absent with the reason.
            baseline: the row that the others are compared with; the first one otherwise.
            options: `when` (the sizes that it takes part in), `threads` (how many BLAS and OpenMP
                may use; 1 by default), `note` (printed beside its row), `tier` (the smallest
                that measures it, for one that costs more than all others), `tuned_of` (the
                contender whose defaults it changes; its `note` says which).
        """
        if not name or name in self.contenders:
            raise ValueError(f"{self.name}: contender {name!r} is empty or declared twice")
        if baseline and any(other.baseline for other in self.contenders.values()):
            raise ValueError(f"{self.name}: two baselines; {name!r} is the second")
        wanted = (needs,) if isinstance(needs, str) else tuple(needs)
        self.contenders[name] = Contender(name, setup, baseline, wanted, **options)

    @property
    def baseline(self) -> str | None:
        """The name of the baseline contender."""
        named = [one.name for one in self.contenders.values() if one.baseline]
        return next(iter(named or self.contenders), None)

    def same_result(
        self, equal: Callable[[Any, Any], bool] | None = None, *, types: str = ""
    ) -> None:
        """Demand equal values of equal types; contenders that differ are never timed.

        Args:
            types: why types and dtypes may differ here; without a reason they may not.
        """
        self.same = equal or _equal
        self.types_differ = types

    def check(self, function: Callable[[Any], Any]) -> None:
        """Demand that `function(result)` neither raises nor returns False for any contender."""
        self.checker = function


def _equal(first: Any, second: Any) -> bool:
    same = first == second
    return bool(same.all()) if hasattr(same, "all") else bool(same)
