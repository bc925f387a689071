"""Let every strategy hunt every bug, and keep the score.

Hunts run in a spawned child that is killed when it exceeds its CPU time: a seeded bug may loop for
ever, and such a hang counts as found. Every strategy looks at every reference first; one that
reports a bug there is lying, and a scoreboard with a liar in it is worth nothing.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from multiprocessing.connection import Connection

import psutil

from velvet_testing import corpus
from velvet_testing.corpus import Program
from velvet_testing.hunt import Finding, Strategy

STARTUP_S = 120.0
WAITING = 15  # a child that waits has used no CPU, and has hung after so many budgets


class FalseAlarm(RuntimeError):
    """A strategy reports a bug in a reference."""


@dataclass(frozen=True)
class Hunt:
    """One hunt and how it ended: FOUND, MISSED or HANG."""

    strategy: str
    bug: str
    seed: int
    outcome: str
    seconds: float


@dataclass
class Scoreboard:
    """Every hunt of a shootout."""

    hunts: list[Hunt] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The strategies, in order of appearance."""
        return list(dict.fromkeys(hunt.strategy for hunt in self.hunts))

    def _of(self, strategy: str, bug: str = "") -> list[Hunt]:
        return [h for h in self.hunts if h.strategy == strategy and bug in ("", h.bug)]

    def found(self, strategy: str) -> set[str]:
        """Return the bugs that a strategy finds with at least one seed."""
        return {hunt.bug for hunt in self._of(strategy) if hunt.outcome != "MISSED"}

    def probability(self, strategy: str, bug: str) -> float:
        """Return the share of seeds with which a strategy finds a bug; 0 when it cannot look."""
        hunts = self._of(strategy, bug)
        return sum(hunt.outcome != "MISSED" for hunt in hunts) / len(hunts) if hunts else 0.0

    def lucky(self, strategy: str) -> set[str]:
        """Return the bugs that some seeds find and others do not."""
        return {bug for bug in self.found(strategy) if self.probability(strategy, bug) < 1}

    def seconds(self, strategy: str) -> float:
        """Return the median seconds of a hunt that found something."""
        spent = [hunt.seconds for hunt in self._of(strategy) if hunt.outcome != "MISSED"]
        return statistics.median(spent) if spent else 0.0

    def curve(self, strategy: str) -> list[tuple[float, int]]:
        """Return (seconds of a hunt, bugs found in at most that time)."""
        best: dict[str, float] = {}
        for hunt in self._of(strategy):
            if hunt.outcome != "MISSED":
                best[hunt.bug] = min(hunt.seconds, best.get(hunt.bug, hunt.seconds))
        return [(seconds, count) for count, seconds in enumerate(sorted(best.values()), start=1)]

    def union(self) -> set[str]:
        """Return every bug that something found."""
        return set().union(*(self.found(name) for name in self.names))

    def cheapest_cover(self) -> list[str]:
        """Return strategies that find all that any finds: greedy set cover, the fastest on ties."""
        return greedy_cover({name: self.found(name) for name in self.names}, self.seconds)

    def best_pair(self) -> tuple[tuple[str, str], set[str]]:
        """Return the two that find most together; on ties the fastest that both find something."""
        if len(self.names) < 2:
            raise ValueError("a pair needs two strategies")

        def worth(pair: tuple[str, str]) -> tuple[int, float]:
            together = self.found(pair[0]) | self.found(pair[1])
            return len(together), -sum(self.seconds(one) or float("inf") for one in pair)

        best = max(combinations(self.names, 2), key=worth)
        return best, self.found(best[0]) | self.found(best[1])


def greedy_cover(found: dict[str, set[str]], cost: Callable[[str], float]) -> list[str]:
    """Return names whose sets together hold everything; within ln(n) of the smallest cover.

    >>> greedy_cover({"a": {"1", "2"}, "b": {"2", "3"}, "c": {"3"}}, {"a": 1, "b": 2, "c": 1}.get)
    ['a', 'c']
    """
    missing, chosen = set().union(*found.values()), list[str]()
    while missing:
        best = max(found, key=lambda name: (len(found[name] & missing), -cost(name)))
        chosen.append(best)
        missing -= found[best]
    return chosen


Job = tuple[str, str, Strategy, int, float]  # program, bug or "", strategy, seed, budget


def hunt_once(job: Job) -> Finding | None:
    """Do one hunt in this process."""
    name, bug, strategy, seed, budget_s = job
    program = corpus.find(name)
    module = program.module(corpus.find_bug(bug) if bug else None)
    return strategy.hunt(module, program, budget_s=budget_s, seed=seed)


def serve(jobs: Connection) -> None:
    """Answer jobs until None comes; the body of the child."""
    jobs.send("ready")
    while (job := jobs.recv()) is not None:
        jobs.send(hunt_once(job))


class Lane:
    """A child that hunts, one job after another; ended and replaced when one takes too long."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._jobs, theirs = context.Pipe()
        self._child = context.Process(target=serve, args=(theirs,), daemon=True)
        self._child.start()
        theirs.close()
        if not self._jobs.poll(STARTUP_S):
            self.close()
            raise RuntimeError(f"the child did not start within {STARTUP_S:g} s")
        self._jobs.recv()

    def do(self, job: Job) -> tuple[str, Finding | None, float]:
        """Return outcome, finding and seconds of one hunt; a child that dies counts as a crash."""
        started = time.perf_counter()
        strategy, budget_s = job[2], job[4]
        outcome, finding = "MISSED", None
        try:
            self._jobs.send(job)
            if self._answers(budget_s):
                finding = self._jobs.recv()
                outcome = "FOUND" if finding else "MISSED"
            else:
                outcome, said = "HANG", f"still running after {budget_s * 1.5:g} s"
        except (EOFError, ConnectionError):
            outcome, said = "FOUND", "the process died"
        seconds = time.perf_counter() - started
        if outcome != "MISSED" and finding is None:
            self.close()
            self._start()
            finding = Finding(strategy.name, seconds, 0, "", f"{outcome}: {said}", shrunk=False)
        return outcome, finding, seconds

    def _answers(self, budget_s: float) -> bool:
        """Whether an answer comes in time: CPU time, because a busy machine is no hang."""
        started, cpu = time.perf_counter(), psutil.Process(self._child.pid)
        before = cpu.cpu_times().user
        while not self._jobs.poll(min(0.1, budget_s)):
            spent, waited = cpu.cpu_times().user - before, time.perf_counter() - started
            if spent > 1.5 * budget_s or waited > WAITING * budget_s:
                return False
        return True

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.join()
        self._child.close()
        self._jobs.close()


def hunts(
    programs: Iterable[Program],
    strategies: Sequence[Strategy],
    *,
    seeds: Sequence[int],
    budget_s: float = 5.0,
) -> Generator[Hunt, None, None]:
    """Hunt every bug with every strategy and every seed, and tell each hunt as it ends.

    A strategy that no seed changes hunts once. Each looks at a reference before its bugs.

    Raises:
        FalseAlarm: a strategy finds something in a reference.
        ValueError: no seeds, or no time.
    """
    if not seeds or not budget_s > 0:
        raise ValueError(f"seeds {seeds!r} and budget_s {budget_s}: choose some, and a time")
    chosen = list(programs)
    lane = Lane()
    try:
        for strategy in strategies:
            for program in filter(strategy.supports, chosen):
                for seed in seeds if strategy.seeded else seeds[:1]:
                    _, alarm, _ = lane.do((program.name, "", strategy, seed, budget_s))
                    if alarm is not None:
                        said = f"{alarm.counterexample or alarm.exception}"
                        raise FalseAlarm(f"{strategy.name} on {program.name}: {said}")
                    for bug in corpus.bugs(program.name):
                        job = (program.name, bug.id, strategy, seed, budget_s)
                        outcome, found, seconds = lane.do(job)
                        spent = found.seconds if found else seconds
                        yield Hunt(strategy.name, bug.id, seed, outcome, spent)
    finally:
        lane.close()
