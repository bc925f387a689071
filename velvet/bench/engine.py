"""The order of a run: needs, equal work, rounds, statistics, verdicts, a second look.

The engine starts one worker after another and never two at once. It yields an event for
everything that happens, so that a terminal, a dashboard and a JSON stream are three
readers of one source; the last event carries the whole results.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from velvet.bench import machine
from velvet.bench.children import ChildFailed, environment, stream
from velvet.bench.claims import NotMeasured
from velvet.bench.measured import GAP, Measured, Row
from velvet.bench.model import TIERS, Comparison, Size, Tier, size_key
from velvet.bench.results import assemble
from velvet.bench.rounds import SystemClock, spin
from velvet.bench.stats import Estimate
from velvet.bench.suite import Claim, Event, Options, Suite
from velvet.bench.verdicts import Judge, noise
from velvet.needs import all_unmet

PROCESSES: Mapping[Tier, int] = {"quick": 3, "default": 5, "full": 10}
MICRO_ROUNDS: Mapping[Tier, int] = {"quick": 15, "default": 30, "full": 30}
RUN_ROUNDS: Mapping[Tier, int] = {"quick": 3, "default": 7, "full": 9}
BUDGET_S: Mapping[Tier, float] = {"quick": 1.0, "default": 15.0, "full": 60.0}
# What all workers of one size may take, set-ups included, before two of them have to do; three where
# a claim fits a growth, whose interval over two fits is too wide to say anything.
SIZE_BUDGET_S: Mapping[Tier, float] = {"quick": 3.0, "default": math.inf, "full": math.inf}
NARROW = 0.03
SPINS_PER_ROUND = 5
Place = tuple[Measured, Comparison, Size]


class Engine:
    """One run of a suite."""

    def __init__(self, suite: Suite, options: Options) -> None:
        self.suite = suite
        self.options = options
        self.measured = Measured(suite)
        self.refused: dict[tuple[str, str], str] = {}  # empty: checked and found equal
        self.fitted = {
            bench
            for claim in suite.claims
            for part in claim.condition.parts
            if part.operand.over not in ("", "*")
            for bench in part.operand.benches
        }

    def events(self) -> Iterator[Event]:
        """Measure everything that the options select; the last event is ``results``."""
        began, wall = time.time(), time.perf_counter()
        before = machine.disturbance()
        plan = self._plan()
        yield {"event": "plan", "total": sum(len(names) for _, _, names in plan)}
        done = 0
        for comparison, size, names in plan:
            where = {"bench": comparison.name, "size": size_key(size)}
            yield {"event": "begin", **where, "contenders": names, "done": done}
            yield from self._size(self.measured, comparison, size, names)
            done += len(names)
            yield {"event": "finish", **where, "done": done}
        findings = []
        judge = Judge(self.suite, self.options, self.measured, self._size)
        for claim in self._claims(plan):
            found = yield from judge.judge(claim)
            findings.append((claim, found))
            yield {"event": "claim", "text": claim.text, "verdict": found[0].verdict.value}
        disturbed = noise(self.measured, before, machine.disturbance())
        results = assemble(self.suite, self.options, self.measured, findings, disturbed)
        results["created"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began))
        results["duration_s"] = round(time.perf_counter() - wall, 1)
        yield {"event": "results", "results": results}

    @property
    def _processes(self) -> int:
        """How many workers time one size of calls that are too short to be timed alone."""
        return self.options.processes or PROCESSES[self.options.tier]

    def _plan(self) -> list[tuple[Comparison, Size, list[str]]]:
        """Select sizes and contenders; unmet needs become rows that say why."""
        wanted = {name for claim in self.suite.claims for name in claim.benches}
        plan = []
        for comparison in self.suite.comparisons.values():
            if self.options.filter not in comparison.name:
                continue
            if self.options.only_claims and comparison.name not in wanted:
                continue
            chosen = self.options.contenders or comparison.contenders
            for size in comparison.in_tier(self.options.tier):
                names = []
                for one in comparison.contenders.values():
                    if one.name not in chosen or not one.takes(size, self.options.tier):
                        continue
                    if problems := all_unmet(one.needs):
                        row = self.measured.row(comparison.name, one.name, size)
                        row.skipped = "; ".join(map(str, problems))
                    else:
                        names.append(one.name)
                plan.append((comparison, size, names))
        return plan

    def _claims(self, plan: list[tuple[Comparison, Size, list[str]]]) -> list[Claim]:
        """Return the claims whose comparisons are all part of this run."""
        ran = {comparison.name for comparison, _, _ in plan}
        claims = () if self.options.contenders else self.suite.claims
        due = TIERS[: TIERS.index(self.options.tier) + 1]
        return [one for one in claims if set(one.benches) <= ran and one.tier in due]

    def _size(
        self, into: Measured, comparison: Comparison, size: Size, names: list[str], factor: int = 1
    ) -> Iterator[Event]:
        names, at = list(names), (into, comparison, size)
        if comparison.same or comparison.checker:
            known = {name: self.refused.get((comparison.name, name)) for name in names}
            # Timed rounds check at every size, in the first of several workers where there are.
            if self._processes == 1 if comparison.kind == "micro" else None in known.values():
                yield from self._check(at, names)
            for name in [name for name in names if known[name]]:
                into.row(comparison.name, name, size).error = known[name] or ""
                names.remove(name)
        if comparison.kind == "micro":
            yield from self._micro(at, names, factor)
        elif comparison.kind == "run":
            yield from self._runs(at, names, factor)
        else:
            waiting = list(names)
            while waiting and (yield from self._listen(at, waiting, "value", 0)):
                continue
        for name in names if comparison.physical_limit else ():
            try:
                figure = into.figure(comparison.name, name, None, size).value
            except NotMeasured:
                continue
            if problem := comparison.implausible(figure, size):
                into.row(comparison.name, name, size).error = problem
                yield _error(comparison, name, problem)

    def _listen(
        self, at: Place, names: list[str], what: str, number: int, process: int = 0, **more: Any
    ) -> Generator[Event, None, bool]:
        """Run one worker and note what it says; returns whether it died.

        A dead worker is blamed on the contender whose turn it was, which leaves `names`, as does
        one that failed, is absent, or has all its figures.
        """
        into, comparison, size = at
        hashseed, asked = self.options.hashseed, list(names)
        request = {
            "file": str(self.suite.file),
            "bench": comparison.name,
            "size": comparison.sizes.index(size),
            "contenders": asked,
            "what": what,
            # Hash seed and order follow from the run's seed and the worker's number.
            "seed": self.options.seed * 1000 + number,
            **more,
        }
        hashseed = (self.options.seed + number) % 4_294_967_295 if hashseed is None else hashseed
        threads = max(comparison.contenders[name].threads for name in asked)
        env = environment(hashseed=hashseed, threads=threads, tier=self.options.tier)
        sample_tree = comparison.tree and what == "run"
        bounds: dict[str, Any] = {"limit": comparison.limit, "affinity": self.options.affinity}
        try:
            for event in stream(request, env=env, sample_tree=sample_tree, **bounds):
                self._take(at, names, event, process, what)
                if event["event"] in ("round", "sample", "error", "refused"):
                    yield {"round": number, "what": what, "process": process} | {
                        **event,
                        "bench": comparison.name,
                    }
        except ChildFailed as error:
            for name in [error.contender] if error.contender in names else list(names):
                into.row(comparison.name, name or "", size).error = error.reason
                names.remove(name or "")
            yield _error(comparison, error.contender, error.reason)
            return True
        return False

    def _take(self, at: Place, names: list[str], event: Event, process: int, what: str) -> None:
        """Note one event of a worker in the rows of its contenders."""
        into, comparison, size = at
        kind = event["event"]
        if kind == "round":
            into.spins.setdefault(comparison.name, []).append(event["spin"] / 1e9)
            for name in names:
                row = into.row(comparison.name, name, size)
                for clock in ("wall", "cpu"):
                    taken = event[clock].get(name)
                    row.add(clock, process, GAP if taken is None else taken / 1e9)
                row.gc_runs += event["gc"]
            return
        if kind in ("turn", "end"):
            return
        name = event["contender"]
        row = into.row(comparison.name, name, size)
        if kind == "ready":
            row.cold += [] if event["cold"] is None else [event["cold"] / 1e9]
            row.loops = event["loops"]
        elif kind == "metrics":
            for metric, number in event["metrics"].items():
                row.add(metric, process, number)
        elif kind == "sample":
            _sample(row, event, what)
        elif kind == "values":
            row.values = {key: Estimate(*found) for key, found in event["values"].items()}
            row.labels = event["labels"]
        elif kind == "absent":
            row.skipped = event["reason"]
        else:
            row.error = event["error"]
            if kind == "refused":
                self.refused[comparison.name, name] = row.error
        if kind in ("values", "absent", "error", "refused") and name in names:
            names.remove(name)

    def _check(self, at: Place, names: list[str]) -> Iterator[Event]:
        while names:
            if not (yield from self._listen(at, names, "check", 0)):
                self.refused.update({(at[1].name, name): "" for name in names})
                return

    def _micro(self, at: Place, names: list[str], factor: int) -> Iterator[Event]:
        into, comparison, size = at
        tier, processes = self.options.tier, self._processes
        rounds = self.options.rounds or comparison.rounds.get(tier, MICRO_ROUNDS[tier])
        settings: dict[str, Any] = {"rounds": rounds * factor, "budget": BUDGET_S[tier] * factor}
        least = 3 if comparison.name in self.fitted else 2
        began, number = time.monotonic(), 0
        while number < processes and names:
            first = number == 0 and processes > 1
            settings["check"] = first and bool(comparison.same or comparison.checker)
            asked = list(names)
            if (yield from self._listen(at, names, "micro", number + 1, number, **settings)):
                for name in asked:
                    for groups in into.row(comparison.name, name, size).series.values():
                        del groups[number:]
                continue
            number += 1
            if number >= 3 and self._narrow(into, comparison, size, names):
                break
            if number >= least and time.monotonic() - began > SIZE_BUDGET_S[tier] * factor:
                break

    def _narrow(self, into: Measured, comparison: Comparison, size: Size, names: list[str]) -> bool:
        """Whether every ratio to the baseline is known within three per cent already."""
        rows = {name: into.row(comparison.name, name, size) for name in names}
        base = rows.pop(comparison.baseline or "", None)
        try:
            found = [into.ratio_of(row, base, "time") for row in rows.values() if base]
        except NotMeasured:
            return False
        widths = [one.ends[1] - one.ends[0] <= NARROW * one.value and one.n > 1 for one in found]
        return base is not None and all(widths)

    def _runs(self, at: Place, names: list[str], factor: int) -> Iterator[Event]:
        into, comparison, _ = at
        tier = self.options.tier
        rounds = self.options.rounds or comparison.rounds.get(tier, RUN_ROUNDS[tier])
        rng = random.Random(self.options.seed)
        alive = list(names)

        def one(name: str, what: str, number: int) -> Iterator[Event]:
            left = [name]
            yield from self._listen(at, left, what, number)
            if not left:
                alive.remove(name)

        for extra in ("floor", "alloc"):
            for name in list(alive) if getattr(comparison, extra) else ():
                yield from one(name, extra, 0)
        for number in range(rounds * factor):
            # Several each time, because a quick run may have one round and noise is a spread.
            spins = into.spins.setdefault(comparison.name, [])
            spins.extend(spin(SystemClock()) / 1e9 for _ in range(SPINS_PER_ROUND))
            for name in rng.sample(alive, len(alive)):
                yield from one(name, "run", number)


def _error(comparison: Comparison, name: str | None, reason: str) -> Event:
    where = {"bench": comparison.name, "contender": name}
    return {"event": "error", **where, "error": reason}


def _sample(row: Row, event: Event, what: str) -> None:
    """Note what one child was measured at; `floor` and `alloc` count memory alone."""
    if what != "run":
        row.add(f"{what}_mb", 0, event["peak_mb" if what == "floor" else "alloc_mb"])
        return
    found = {"wall": event["wall"], "cpu_s": event["cpu"]}
    found |= {key: event[key] for key in ("peak_mb", "tree_mb") if key in event}
    if "floor_mb" in row.series:
        found["delta_mb"] = event["peak_mb"] - row.series["floor_mb"][0][0]
    for metric, number in {**found, **event["metrics"]}.items():
        row.add(metric, 0, number)
    row.measured_n = event["measured_n"]
