"""What a run has measured, and how claims and tables look it up.

Rows keep their raw samples, grouped by process and aligned by round across contenders, so
that any two of them can be paired afterwards.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from velvet.bench.claims import ContenderFailed, NotMeasured
from velvet.bench.model import Size, matches, size_key
from velvet.bench.stats import (
    Estimate,
    growth_rate,
    mean_interval,
    median_interval,
    paired_ratio,
    round_ratio,
)
from velvet.bench.suite import Suite

GAP = math.nan


@dataclass
class Row:
    """One contender at one size.

    Attributes:
        series: metric -> processes -> samples by round, in seconds or the metric's unit.
        values, labels: metric -> deterministic figure, or word for what is no number.
        cold: seconds of the first call in each process.
    """

    bench: str
    contender: str
    size: Size
    series: dict[str, list[list[float]]] = field(default_factory=dict)
    values: dict[str, Estimate] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    cold: list[float] = field(default_factory=list)
    loops: int = 1
    gc_runs: int = 0
    measured_n: int | None = None
    skipped: str = ""
    error: str = ""

    def add(self, metric: str, process: int, sample: float) -> None:
        """Append a sample of a process; processes that died early leave an empty list."""
        groups = self.series.setdefault(metric, [])
        while len(groups) <= process:
            groups.append([])
        groups[process].append(sample)

    def flat(self, metric: str) -> list[float]:
        """All finite samples of a metric."""
        groups = self.series.get(metric, ())
        return [sample for group in groups for sample in group if math.isfinite(sample)]


class Measured:
    """All rows of a run; implements the lookups that claims make."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.rows: dict[tuple[str, str, str], Row] = {}
        self.spins: dict[str, list[float]] = {}

    def row(self, bench: str, contender: str, size: Size) -> Row:
        """Return the row of a contender at a size, made when new."""
        key = (bench, contender, size_key(size))
        if key not in self.rows:
            self.rows[key] = Row(bench, contender, size)
        return self.rows[key]

    def of(self, bench: str) -> list[Row]:
        """Return the rows of one comparison, in the order they were measured."""
        return [row for row in self.rows.values() if row.bench == bench]

    def noise_of(self, benches: Iterable[str] | None = None) -> list[float]:
        """Return the seconds of every spin beside these comparisons, all by default."""
        names = self.spins if benches is None else benches
        return [spin for name in names for spin in self.spins.get(name, ())]

    def _all(self, bench: str, contender: str, size: Size) -> list[Row]:
        rows = [row for row in self.of(bench) if row.contender == contender]
        return [row for row in rows if matches(row.size, size)]

    def _one(self, bench: str, contender: str, size: Size) -> Row:
        """Return the row that a claim means; the size may name a part of the axes."""
        where = f"{contender} in {bench}" + (f" at {size_key(size)}" if size else "")
        rows = self._all(bench, contender, size)
        if not rows:
            raise NotMeasured(f"{where} was not measured in this run")
        row = rows[-1]
        if row.error:
            raise ContenderFailed(f"{where} failed: {row.error}")
        if row.skipped:
            raise NotMeasured(f"{where}: {row.skipped}")
        return row

    def _series(self, row: Row, metric: str | None) -> tuple[list[list[float]], bool]:
        """Return a row's samples and whether a larger figure means less time."""
        comparison = self.suite.comparisons[row.bench]
        name = metric or comparison.main_metric
        clocks = {"ops": comparison.clock, "time": comparison.clock, "cpu": "cpu_s"}
        if (key := clocks.get(name, name)) not in row.series:
            raise NotMeasured(f"{row.contender} in {row.bench} has no figure {name!r}")
        return row.series[key], name == "ops"

    def ratio_of(self, a: Row, b: Row, metric: str | None = None) -> Estimate:
        """Return a's figure over b's, paired by round where there are rounds."""
        name = metric or self.suite.comparisons[a.bench].main_metric
        if name in a.values and name in b.values:
            return self._quotient(a.values[name], b.values[name], b)
        first, inverse = self._series(a, name)
        second, _ = self._series(b, name)
        if inverse:
            first, second = second, first
        alone = self.suite.comparisons[a.bench].kind == "run"
        found = round_ratio(first[0], second[0]) if alone else paired_ratio(first, second)
        if found is None:
            raise NotMeasured(f"{a.contender} and {b.contender} share no round in {a.bench}")
        return found

    def _quotient(self, a: Estimate, b: Estimate, row: Row) -> Estimate:
        low, high = b.ends
        if low <= 0:
            raise NotMeasured(f"{row.contender} in {row.bench} is not clear of zero")
        if a.lo is None and b.lo is None:
            return Estimate(a.value / b.value)
        corners = [x / y for x in a.ends for y in (low, high)]
        return Estimate(a.value / b.value, min(corners), max(corners), min(a.n, b.n))

    def paired(self, bench: str, a: str, b: str, metric: str | None, size: Size) -> Estimate:
        """Lookup of `ratio` and `speedup`: at the last size that both contenders take."""
        for row in self._all(bench, a, size):
            if (bench, b, size_key(row.size)) in self.rows:
                size = row.size
        return self.ratio_of(self._one(bench, a, size), self._one(bench, b, size), metric)

    def figure(self, bench: str, contender: str, metric: str | None, size: Size) -> Estimate:
        """Lookup of `value`: in the metric's own unit."""
        row = self._one(bench, contender, size)
        comparison = self.suite.comparisons[bench]
        name = metric or comparison.main_metric
        if name in row.values:
            return row.values[name]
        groups, _ = self._series(row, name)
        if name in ("ops", "time"):
            groups = [[comparison.from_seconds(s, row.size) for s in group] for group in groups]
        if comparison.kind == "run":
            return median_interval([s for s in groups[0] if math.isfinite(s)])
        return mean_interval([statistics.median(group) for group in groups if group])

    def across(
        self, bench: str, contender: str, metric: str | None, first: Size, second: Size
    ) -> Estimate:
        """Lookup of `across`: two sizes of one contender, paired by process."""
        a, b = self._one(bench, contender, first), self._one(bench, contender, second)
        return self.ratio_of(a, b, metric)

    def growth(
        self, bench: str, contender: str, metric: str | None, over: str, size: Size
    ) -> Estimate:
        """Lookup of `growth`: one fit per process (or round), then their interval."""
        rows = [row for row in self._all(bench, contender, size) if over in row.size]
        if errors := [row.error for row in rows if row.error]:
            raise ContenderFailed(f"{contender} in {bench} failed: {errors[0]}")
        rows = [row for row in rows if not row.skipped]
        sizes = [float(row.size[over]) for row in rows]
        if len(set(sizes)) < 2:
            raise NotMeasured(f"{contender} in {bench} has fewer than two sizes of {over!r}")
        comparison = self.suite.comparisons[bench]
        name = metric or comparison.main_metric
        if all(name in row.values for row in rows):
            costs = [row.values[name].value for row in rows]
            return Estimate(growth_rate(sizes, costs))
        series = [self._series(row, "time" if name == "ops" else name)[0] for row in rows]
        fits = [growth_rate(sizes, costs) for costs in _aligned(series, comparison.kind)]
        if not fits:
            raise NotMeasured(f"{contender} in {bench} has no process with every size")
        return median_interval(fits) if comparison.kind == "run" else mean_interval(fits)


def _aligned(series: Sequence[list[list[float]]], kind: str) -> Iterable[list[float]]:
    """Yield the costs at every size, per process (micro: medians) or per round (run)."""
    if kind == "run":
        for costs in zip(*(groups[0] for groups in series)):  # noqa: B905 - rounds may differ
            if all(math.isfinite(cost) and cost > 0 for cost in costs):
                yield list(costs)
        return
    for groups_of_process in zip(*series):  # noqa: B905 - a process may have died early
        if all(groups_of_process):
            yield [statistics.median(group) for group in groups_of_process]
