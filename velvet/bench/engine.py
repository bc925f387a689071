"""The order of a run: needs, equal work, rounds, statistics, verdicts, a second look.

The engine starts one worker after another and never two at once. It yields an event for
everything that happens, so that a terminal, a dashboard and a JSON stream are three
readers of one source; the last event carries the whole results.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

from velvet.bench import machine
from velvet.bench.children import ChildFailed, environment, stream
from velvet.bench.claims import NotMeasured
from velvet.bench.measured import GAP, Measured
from velvet.bench.model import TIERS, Comparison, Size, Tier, size_key
from velvet.bench.results import assemble
from velvet.bench.rounds import SystemClock, spin
from velvet.bench.stats import Interval
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
        before = {"load": machine.load(), "steal": machine.steal_ticks()}
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
        after = {"load": machine.load(), "steal": machine.steal_ticks()}
        results = assemble(
            self.suite, self.options, self.measured, findings, noise(self.measured, before, after)
        )
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
            for size in comparison.in_tier(self.options.tier):
                names = []
                for one in comparison.contenders.values():
                    if not one.takes(size, self.options.tier):
                        continue
                    if self.options.contenders and one.name not in self.options.contenders:
                        continue
                    problems = all_unmet(one.needs)
                    if problems:
                        row = self.measured.row(comparison.name, one.name, size)
                        row.skipped = "; ".join(map(str, problems))
                    else:
                        names.append(one.name)
                plan.append((comparison, size, names))
        return plan

    def _claims(self, plan: list[tuple[Comparison, Size, list[str]]]) -> list[Claim]:
        """Return the claims whose comparisons are all part of this run."""
        ran = {comparison.name for comparison, _, _ in plan}
        if self.options.contenders:
            return []
        due = TIERS.index(self.options.tier)
        return [
            claim
            for claim in self.suite.claims
            if set(claim.benches) <= ran and TIERS.index(claim.tier) <= due
        ]

    def _size(
        self, into: Measured, comparison: Comparison, size: Size, names: list[str], factor: int = 1
    ) -> Iterator[Event]:
        names = list(names)
        if comparison.same or comparison.checker:
            known = {name: self.refused.get((comparison.name, name)) for name in names}
            # Timed rounds check at every size, in the first of several workers where there are.
            if self._processes == 1 if comparison.kind == "micro" else None in known.values():
                yield from self._check(into, comparison, size, names)
            for name in [name for name in names if known[name]]:
                into.row(comparison.name, name, size).error = known[name] or ""
                names.remove(name)
        if comparison.kind == "micro":
            yield from self._micro(into, comparison, size, names, factor)
        elif comparison.kind == "run":
            yield from self._runs(into, comparison, size, names, factor)
        else:
            yield from self._values(into, comparison, size, names)
        for name in names:
            row = into.row(comparison.name, name, size)
            figure = None if row.error or row.skipped else into.main_figure(row)
            if figure is not None and (problem := comparison.implausible(figure, size)):
                row.error = problem
                where = {"bench": comparison.name, "contender": name}
                yield {"event": "error", **where, "error": problem}

    def _child(
        self,
        comparison: Comparison,
        size: Size,
        names: list[str],
        what: str,
        number: int,
        **more: Any,
    ) -> Iterator[Event]:
        """Run one worker; its hash seed and order follow from the run's seed and number."""
        request = {
            "file": str(self.suite.file),
            "bench": comparison.name,
            "size": comparison.sizes.index(size),
            "contenders": names,
            "what": what,
            "seed": self.options.seed * 1000 + number,
            **more,
        }
        hashseed = self.options.hashseed
        threads = max(comparison.contenders[name].threads for name in names)
        env = environment(
            hashseed=(self.options.seed + number) % 4_294_967_295 if hashseed is None else hashseed,
            threads=threads,
            tier=self.options.tier,
        )
        yield from stream(
            request,
            env=env,
            limit=comparison.limit,
            affinity=self.options.affinity,
            sample_tree=comparison.tree and what == "run",
        )

    def _drop(
        self,
        into: Measured,
        comparison: Comparison,
        size: Size,
        names: list[str],
        error: ChildFailed,
    ) -> Event:
        """Blame a dead worker on the contender whose turn it was, and go on without it."""
        guilty = [error.contender] if error.contender in names else list(names)
        for name in guilty:
            if name is not None:
                into.row(comparison.name, name, size).error = error.reason
                names.remove(name)
        return {
            "event": "error",
            "bench": comparison.name,
            "contender": error.contender,
            "error": error.reason,
        }

    def _absent(self, into: Measured, comparison: Comparison, size: Size, event: Event) -> None:
        """Note why a set-up found that its contender is not for this machine."""
        into.row(comparison.name, event["contender"], size).skipped = event["reason"]

    def _check(
        self, into: Measured, comparison: Comparison, size: Size, names: list[str]
    ) -> Iterator[Event]:
        while names:
            try:
                for event in self._child(comparison, size, list(names), "check", 0):
                    if event["event"] == "refused":
                        row = into.row(comparison.name, event["contender"], size)
                        row.error = event["error"]
                        self.refused[comparison.name, event["contender"]] = row.error
                        names.remove(event["contender"])
                        yield {**event, "bench": comparison.name}
                    elif event["event"] == "absent":
                        self._absent(into, comparison, size, event)
                        names.remove(event["contender"])
            except ChildFailed as error:
                yield self._drop(into, comparison, size, names, error)
            else:
                self.refused.update({(comparison.name, name): "" for name in names})
                return

    def _micro(
        self, into: Measured, comparison: Comparison, size: Size, names: list[str], factor: int
    ) -> Iterator[Event]:
        tier, processes = self.options.tier, self._processes
        rounds = self.options.rounds or comparison.rounds.get(tier, MICRO_ROUNDS[tier])
        settings: dict[str, Any] = {"rounds": rounds * factor, "budget": BUDGET_S[tier] * factor}
        began, number = time.monotonic(), 0
        while number < processes and names:
            first = number == 0 and processes > 1
            try:
                settings["check"] = first and bool(comparison.same or comparison.checker)
                for event in self._child(
                    comparison, size, list(names), "micro", number + 1, **settings
                ):
                    self._take(into, comparison, size, names, event, number)
                    if event["event"] in ("round", "error", "refused"):
                        yield {**event, "bench": comparison.name, "process": number}
            except ChildFailed as error:
                for name in names:
                    for groups in into.row(comparison.name, name, size).series.values():
                        del groups[number:]
                yield self._drop(into, comparison, size, names, error)
                continue
            number += 1
            if number >= 3 and self._narrow(into, comparison, size, names):
                break
            least = 3 if comparison.name in self.fitted else 2
            if number >= least and time.monotonic() - began > SIZE_BUDGET_S[tier] * factor:
                break

    def _take(
        self,
        into: Measured,
        comparison: Comparison,
        size: Size,
        names: list[str],
        event: Event,
        process: int,
    ) -> None:
        kind = event["event"]
        if kind == "ready":
            row = into.row(comparison.name, event["contender"], size)
            if event["cold"] is not None:
                row.cold.append(event["cold"] / 1e9)
            row.loops = event["loops"]
        elif kind == "round":
            into.spins.setdefault(comparison.name, []).append(event["spin"] / 1e9)
            for name in names:
                row = into.row(comparison.name, name, size)
                for clock in ("wall", "cpu"):
                    taken = event[clock].get(name)
                    row.add(clock, process, GAP if taken is None else taken / 1e9)
                row.gc_runs += event["gc"]
        elif kind == "metrics":
            row = into.row(comparison.name, event["contender"], size)
            for metric, number in event["metrics"].items():
                row.add(metric, process, number)
        elif kind in ("error", "refused", "absent"):
            if kind == "absent":
                self._absent(into, comparison, size, event)
            else:
                into.row(comparison.name, event["contender"], size).error = event["error"]
            if kind == "refused":
                self.refused[comparison.name, event["contender"]] = event["error"]
            if event["contender"] in names:
                names.remove(event["contender"])

    def _narrow(self, into: Measured, comparison: Comparison, size: Size, names: list[str]) -> bool:
        """Whether every ratio to the baseline is known within three per cent already."""
        baseline = comparison.baseline
        if baseline not in names or baseline is None:
            return False
        base = into.row(comparison.name, baseline, size)
        for name in names:
            if name == baseline:
                continue
            try:
                found = into.ratio_of(into.row(comparison.name, name, size), base, "time")
            except NotMeasured:
                return False
            if found.lo is None or found.hi is None or found.hi - found.lo > NARROW * found.value:
                return False
        return True

    def _runs(
        self, into: Measured, comparison: Comparison, size: Size, names: list[str], factor: int
    ) -> Iterator[Event]:
        tier = self.options.tier
        rounds = self.options.rounds or comparison.rounds.get(tier, RUN_ROUNDS[tier])
        rng = random.Random(self.options.seed)
        for extra in ("floor", "alloc"):
            if getattr(comparison, extra):
                for name in list(names):
                    yield from self._single(into, comparison, size, name, extra, 0)
        for number in range(rounds * factor):
            rows = {name: into.row(comparison.name, name, size) for name in names}
            names = [name for name, row in rows.items() if not (row.error or row.skipped)]
            # Several each time, because a quick run may have one round and noise is a spread.
            spins = into.spins.setdefault(comparison.name, [])
            spins.extend(spin(SystemClock()) / 1e9 for _ in range(SPINS_PER_ROUND))
            for name in rng.sample(names, len(names)):
                yield from self._single(into, comparison, size, name, "run", number)

    def _values(
        self, into: Measured, comparison: Comparison, size: Size, names: list[str]
    ) -> Iterator[Event]:
        """One child for all: nothing is timed, and a dead one is blamed on whose turn it was."""
        waiting = list(names)
        while waiting:
            try:
                for event in self._child(comparison, size, list(waiting), "value", 0):
                    name = event.get("contender", "")
                    row = into.row(comparison.name, name, size) if name else None
                    if row is None or event["event"] == "turn":
                        continue
                    waiting.remove(name)
                    if event["event"] == "values":
                        row.values = {key: Interval(*p) for key, p in event["values"].items()}
                        row.labels = event["labels"]
                    elif event["event"] == "absent":
                        self._absent(into, comparison, size, event)
                    else:
                        row.error = event["error"]
                        yield {**event, "bench": comparison.name}
            except ChildFailed as error:
                yield self._drop(into, comparison, size, waiting, error)
            else:
                return

    def _single(
        self,
        into: Measured,
        comparison: Comparison,
        size: Size,
        name: str,
        what: str,
        number: int,
    ) -> Iterator[Event]:
        """One child with one contender: a run, a floor or an allocation count."""
        row = into.row(comparison.name, name, size)
        try:
            for event in self._child(comparison, size, [name], what, number):
                if event["event"] == "error":
                    row.error = event["error"]
                elif event["event"] == "absent":
                    self._absent(into, comparison, size, event)
                elif event["event"] == "sample":
                    self._sample(row, event, what)
                    yield {**event, "bench": comparison.name, "round": number, "what": what}
        except ChildFailed as error:
            row.error = error.reason
        if row.error:
            yield {
                "event": "error",
                "bench": comparison.name,
                "contender": name,
                "error": row.error,
            }

    def _sample(self, row: Any, event: Event, what: str) -> None:
        if what == "floor":
            row.add("floor_mb", 0, event["peak_mb"])
            return
        if what == "alloc":
            row.add("alloc_mb", 0, event["alloc_mb"])
            return
        row.add("wall", 0, event["wall"])
        row.add("cpu_s", 0, event["cpu"])
        row.add("peak_mb", 0, event["peak_mb"])
        if "tree_mb" in event:
            row.add("tree_mb", 0, event["tree_mb"])
        if "floor_mb" in row.series:
            row.add("delta_mb", 0, event["peak_mb"] - row.series["floor_mb"][0][0])
        for metric, number in event["metrics"].items():
            row.add(metric, 0, number)
        row.measured_n = event["measured_n"]
