"""What a `measure.py` declares: a suite of comparisons, their contenders and claims.

Declaring measures nothing. A contender is a *set-up*: it receives the size, does its
untimed work and returns the callable that is timed, so that a child process can find it by
name in the freshly imported file and nothing has to be pickled.
"""

from __future__ import annotations

import inspect
import itertools
import os
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

if TYPE_CHECKING:
    from velvet.bench.claims import Condition

Kind = Literal["micro", "run", "value"]
Tier = Literal["quick", "default", "full"]
Size = Mapping[str, Any]
F = TypeVar("F", bound=Callable[..., Any])
TIERS: tuple[Tier, ...] = ("quick", "default", "full")
KINDS: tuple[Kind, ...] = ("micro", "run", "value")
_SECONDS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
# What the harness itself writes; a metric of the same name would overwrite it.
_MEASURED = frozenset({"ops", "time", "wall", "wall_s", "cpu", "cpu_s", "cold", "cold_s"}) | {
    f"{name}_mb" for name in ("peak", "delta", "alloc", "tree", "floor")
}
MODE_VARIABLE = "VELVET_BENCH_MODE"


def mode() -> Tier:
    """Return the tier this process measures for; set-ups scale long rows by it."""
    found = os.environ.get(MODE_VARIABLE, "default")
    return next((tier for tier in TIERS if tier == found), "default")


@dataclass(frozen=True)
class Metric:
    """A measured quantity: its unit and which direction is better."""

    unit: str
    better: Literal["lower", "higher"] = "lower"

    @classmethod
    def of(cls, spec: str | Metric) -> Metric:
        """Read a metric from its unit; units per second are better when higher."""
        if isinstance(spec, Metric):
            return spec
        return cls(spec, "higher" if spec.endswith("/s") else "lower")


@dataclass(frozen=True)
class Estimate:
    """A value that brings its own interval, such as a binomial share over many seeds."""

    value: float
    lo: float | None = None
    hi: float | None = None
    n: int = 1


class Absent(Exception):
    """A set-up's word that its contender cannot run here; the message is the reason shown.

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
    """One of the things compared."""

    name: str
    setup: Callable[..., Any]
    baseline: bool = False
    needs: tuple[str, ...] = ()
    when: Callable[..., bool] | None = None
    threads: int = 1
    note: str = ""
    tier: Tier = "quick"

    def takes(self, size: Size, tier: Tier = "full") -> bool:
        """Whether this contender runs at a size (`when=` caps the slow ones) in a tier."""
        if TIERS.index(tier) < TIERS.index(self.tier):
            return False
        return self.when is None or bool(self.when(**size))


def size_key(size: Size) -> str:
    """Return the stable text of a size: ``"window=1000,threads=4"``; empty for none."""
    return ",".join(f"{name}={value}" for name, value in size.items())


class Comparison:
    """Contenders on one workload, at one or more sizes."""

    def __init__(self, name: str, *, kind: Kind, sizes: Sequence[Size], **options: Any) -> None:
        self.name = name
        self.kind: Kind = kind
        self.sizes = list(sizes)
        self.unit: str = options["unit"]
        self.title: str = options["title"] or name
        self.metrics = {key: Metric.of(spec) for key, spec in (options["metrics"] or {}).items()}
        self.items: int | Callable[..., float] = options["items"]
        self.clock: str = options["clock"]
        self.gc: str = options["gc"]
        self.tier: Tier = options["tier"]
        self.rounds: Mapping[Tier, int] = options["rounds"] or {}
        self.limit: float = options["limit"]
        self.tree: bool = options["tree"]
        self.floor: bool = options["floor"]
        self.alloc: bool = options["alloc"]
        self.quick: Callable[..., bool] | None = options["quick"]
        self.default: Callable[..., bool] | None = options["default"]
        self.contenders: dict[str, Contender] = {}
        self.checker: Callable[[Any], Any] | None = None
        self.same: Callable[[Any, Any], bool] | None = None

    @property
    def main_metric(self) -> str:
        """``"ops"`` for rates, ``"time"`` for durations, else the first declared metric."""
        if self.unit.endswith("/s") and self.kind == "micro":
            return "ops"
        if self.unit in _SECONDS and self.kind != "value":
            return "time"
        return next(iter(self.metrics), "value")

    def metric(self, name: str) -> Metric:
        """Return unit and direction of one of this comparison's metrics."""
        if name in self.metrics:
            return self.metrics[name]
        if name in ("ops", "time", "value"):
            return Metric.of(self.unit)
        known = {"peak_mb": "MB", "delta_mb": "MB", "alloc_mb": "MB", "tree_mb": "MB"}
        return Metric(known.get(name, {"cpu": "s", "cold": "s"}.get(name, "")))

    def from_seconds(self, seconds: float, size: Size) -> float:
        """Convert seconds per call to the comparison's unit."""
        items = self.items(**size) if callable(self.items) else self.items
        if self.main_metric == "ops":
            return items / seconds
        return seconds * _SECONDS.get(self.unit, 1.0) / items

    def in_tier(self, tier: Tier) -> list[Size]:
        """Return the sizes that a tier measures."""
        if TIERS.index(tier) < TIERS.index(self.tier):
            return []
        chosen = self.sizes
        if tier != "full" and self.default is not None:
            chosen = [size for size in chosen if self.default(**size)]
        if tier == "quick" and self.quick is not None:
            chosen = [size for size in chosen if self.quick(**size)]
        return chosen

    @overload
    def contender(self, function: F, /) -> F: ...
    @overload
    def contender(self, /, **options: Any) -> Callable[[F], F]: ...
    def contender(self, function: Any = None, /, **options: Any) -> Any:
        """Register a set-up function under its own name; see `add` for the options."""

        def register(setup: F) -> F:
            self.add(options.pop("name", None) or setup.__name__.rstrip("_"), setup, **options)
            return setup

        return register if function is None else register(function)

    def add(
        self,
        name: str,
        setup: Callable[..., Any],
        *,
        baseline: bool = False,
        needs: str | Iterable[str] = (),
        when: Callable[..., bool] | None = None,
        threads: int = 1,
        note: str = "",
        tier: Tier = "quick",
    ) -> None:
        """Register a contender by name, for those that are made in a loop.

        Args:
            setup: receives the size as keywords and returns what is timed: a callable, a
                coroutine function, a `Timed`, a `Command`, or (as a generator function)
                yields one of these and cleans up after the yield.
            baseline: the row that the others are compared with; the first one otherwise.
            needs: see `velvet.needs`; unmet, the row is listed as absent with the reason.
            when: sizes that it takes part in.
            threads: how many threads BLAS and OpenMP may use (pinned to 1 by default).
            note: printed beside its row.
            tier: the smallest tier that measures it, for one that costs more than all others.

        Raises:
            ValueError: the name is taken or empty, or a second baseline is declared.
        """
        if not name or name in self.contenders:
            raise ValueError(f"{self.name}: contender {name!r} is empty or declared twice")
        if baseline and any(other.baseline for other in self.contenders.values()):
            raise ValueError(f"{self.name}: two baselines; {name!r} is the second")
        wanted = (needs,) if isinstance(needs, str) else tuple(needs)
        self.contenders[name] = Contender(name, setup, baseline, wanted, when, threads, note, tier)

    @property
    def baseline(self) -> str | None:
        """The name of the baseline contender."""
        named = [one.name for one in self.contenders.values() if one.baseline]
        return next(iter(named or self.contenders), None)

    def same_result(self, equal: Callable[[Any, Any], bool] | None = None) -> None:
        """Demand that contenders return equal values; those that do not are never timed."""
        self.same = equal or _equal

    def check(self, function: Callable[[Any], Any]) -> None:
        """Demand that `function(result)` neither raises nor returns False for any contender."""
        self.checker = function


def _equal(first: Any, second: Any) -> bool:
    same = first == second
    return bool(same.all()) if hasattr(same, "all") else bool(same)


@dataclass(frozen=True)
class Claim:
    """A sentence about performance with the condition that can refute it."""

    text: str
    condition: Condition
    needs: tuple[str, ...] = ()
    tier: Tier = "quick"


@dataclass(frozen=True)
class Published:
    """Somebody else's figure, quoted beside ours with its source."""

    bench: str
    contender: str
    metric: str
    value: float
    source: str
    size: Size = field(default_factory=dict)


def default_clock(kind: Kind) -> Literal["cpu", "wall"]:
    """Return the clock of a kind: thread CPU time for `micro`, except where it ticks coarsely.

    On Windows the thread clock moves in steps of about 15.6 ms, far longer than a round.
    """
    return "cpu" if kind == "micro" and sys.platform != "win32" else "wall"


class Suite:
    """The benchmarks of one module.

    Args:
        name: the module's folder, such as ``09-concurrency``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.file = Path(inspect.stack()[1].filename).resolve()
        self.comparisons: dict[str, Comparison] = {}
        self.claims: list[Claim] = []
        self.figures: list[Published] = []

    def comparison(
        self,
        name: str,
        *,
        unit: str = "s",
        kind: Kind = "micro",
        sizes: Mapping[str, Sequence[Any]] | Sequence[Size] | None = None,
        metrics: Mapping[str, str | Metric] | None = None,
        title: str = "",
        items: int | Callable[..., float] = 1,
        clock: Literal["cpu", "wall"] | None = None,
        gc: Literal["on", "off"] = "on",
        tier: Tier = "quick",
        quick: Callable[..., bool] | None = None,
        default: Callable[..., bool] | None = None,
        rounds: Mapping[Tier, int] | None = None,
        limit: float = 120.0,
        tree: bool = False,
        floor: bool = False,
        alloc: bool = False,
    ) -> Comparison:
        """Declare contenders on one workload.

        Args:
            unit: of the main figure: ``s``, ``ms``, ``us``, ``ns`` or a rate such as ``ops/s``.
            kind: ``micro`` (interleaved calls up to about 50 ms in one process), ``run`` (every
                sample a fresh child: I/O, memory, pools) or ``value`` (deterministic figures).
            sizes: name -> values (their product), or an explicit list of dicts.
            metrics: extra figures that contenders return, as unit or `Metric`.
            items: things done per call; times are per item and rates count items.
            clock: ``cpu`` is the default of `micro` (thread time), ``wall`` that of `run`.
            gc: ``off`` only for allocation-free work of nanoseconds.
            tier: the smallest tier that measures it at all.
            quick: which sizes the quick tier measures (those of the default tier by default).
            default: which sizes the default tier measures (all by default); `full` takes all.
            rounds: rounds per process (`micro`) or children per contender (`run`), by tier.
            limit: seconds after which a child is ended and its row reported as an error.
            tree: also sample the memory of the whole process tree (`run` only).
            floor: also measure a child that only sets up, for `delta_mb` (`run` only).
            alloc: also measure the tracemalloc peak in a child of its own (`run` only).

        Raises:
            ValueError: the name is taken, the kind is unknown, a size is empty, or a metric has
                the name of one that the harness measures.
        """
        if name in self.comparisons:
            raise ValueError(f"comparison {name!r} is declared twice")
        if kind not in KINDS:
            raise ValueError(f"{name}: kind must be one of {', '.join(KINDS)}, not {kind!r}")
        if taken := _MEASURED & set(metrics or ()):
            raise ValueError(
                f"{name}: {', '.join(sorted(taken))} is measured by the harness; rename"
            )
        if isinstance(sizes, Mapping):
            columns = [[(key, value) for value in values] for key, values in sizes.items()]
            listed: list[Size] = [dict(cell) for cell in itertools.product(*columns)]
        else:
            listed = list(sizes or [{}])
        if not listed:
            raise ValueError(f"{name}: an axis of its sizes has no values")
        options = {
            "unit": unit,
            "title": title,
            "metrics": metrics,
            "items": items,
            "clock": clock or default_clock(kind),
            "gc": gc,
            "tier": tier,
            "quick": quick,
            "default": default,
            "rounds": rounds,
            "limit": limit,
            "tree": tree,
            "floor": floor,
            "alloc": alloc,
        }
        self.comparisons[name] = Comparison(name, kind=kind, sizes=listed, **options)
        return self.comparisons[name]

    def claim(
        self,
        text: str,
        condition: Condition,
        *,
        needs: str | Iterable[str] = (),
        tier: Tier = "quick",
    ) -> None:
        """Add a claim.

        Args:
            needs: its preconditions, ``"calm"`` among them.
            tier: the smallest tier that judges it, for one about sizes that `quick` leaves out.
        """
        wanted = (needs,) if isinstance(needs, str) else tuple(needs)
        self.claims.append(Claim(text, condition, wanted, tier))

    def published(
        self,
        bench: str,
        figures: Mapping[tuple[str, str], float],
        *,
        source: str,
        size: Size | None = None,
    ) -> None:
        """Quote figures of others: (contender, metric) -> value in the comparison's unit.

        Args:
            size: the sizes that they are about; all by default.

        Raises:
            ValueError: the comparison or one of the contenders is not declared.
        """
        comparison = self.comparisons.get(bench)
        for (contender, metric), figure in figures.items():
            if comparison is None or contender not in comparison.contenders:
                raise ValueError(f"published figure for unknown {bench}/{contender}")
            self.figures.append(
                Published(bench, contender, metric, float(figure), source, dict(size or {}))
            )

    def iter(self, **options: Any) -> Iterator[dict[str, Any]]:
        """Measure and yield an event per round; the last event carries the whole results."""
        from velvet.bench.engine import Engine
        from velvet.bench.options import Options

        yield from Engine(self, Options(**options)).events()

    def main(self, argv: Sequence[str] | None = None) -> None:
        """Run as ``python benchmarks/measure.py``; ends the process with 0, 1 or 2."""
        from velvet.bench.command import run_suite

        run_suite(self, argv)


def summary(samples: Sequence[float]) -> tuple[float, float, float, float]:
    """Return median, p10, p90 and minimum of samples."""
    from velvet.bench.stats import quantile

    return (
        statistics.median(samples),
        quantile(samples, 0.1),
        quantile(samples, 0.9),
        min(samples),
    )
