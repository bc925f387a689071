"""Run every mutant against the tests that reach it, and count who lives.

One traced run of the tests says which lines each test runs; a mutant meets only those. A worker
process stays clean and forks a copy of itself per mutant, or, where there is no fork, starts anew
for each. Nothing is written into the reader's source tree: a mutant is imported from a text.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import ModuleType
from typing import Any

from velvet_testing.mutation import operators
from velvet_testing.mutation.operators import Mutant
from velvet_testing.mutation.worker import WAITING

MIN_TIMEOUT_S = 0.5
SLOWER = 5  # a mutant may take so many times as long as the baseline
BASELINE_S = 120.0
STARTUP_S = 120.0
Test = Callable[[ModuleType], None]


class BaselineRed(RuntimeError):
    """The tests fail before anything is mutated."""


class Status(str, Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"
    EQUIVALENT = "equivalent"
    NO_COVERAGE = "no coverage"


@dataclass(frozen=True)
class Outcome:
    """A mutant, what became of it, and the test that killed it."""

    mutant: Mutant
    status: Status
    by: str = ""


@dataclass
class MutationReport:
    """What a run found.

    Attributes:
        covered: the lines that the tests run.
        cpu_s: CPU seconds of this process's children (0 on Windows).
    """

    outcomes: list[Outcome] = field(default_factory=list)
    covered: frozenset[int] = frozenset()
    tests: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def count(self, status: Status) -> int:
        """Return how many mutants ended so."""
        return sum(outcome.status is status for outcome in self.outcomes)

    @property
    def score(self) -> float | None:
        """Killed or timed out, of all that are not equivalent; None without mutants."""
        judged = len(self.outcomes) - self.count(Status.EQUIVALENT)
        dead = self.count(Status.KILLED) + self.count(Status.TIMEOUT)
        return dead / judged if judged else None

    @property
    def survivors(self) -> list[Mutant]:
        """Mutants that no test noticed, those that no test reached among them."""
        alive = (Status.SURVIVED, Status.NO_COVERAGE)
        return [outcome.mutant for outcome in self.outcomes if outcome.status in alive]


class Worker:
    """The child that runs jobs; one for all with `fork` and `session`, one each with `spawn`.

    Args:
        first: what a session is told before its first job.
    """

    def __init__(
        self, isolation: str, cwd: Path | None, first: dict[str, Any] | None = None
    ) -> None:
        self.isolation, self.cwd, self._first = isolation, cwd, first
        self._child: subprocess.Popen[str] | None = None

    def _start(self) -> subprocess.Popen[str]:
        apart = ("COV_CORE_", "PYTEST_XDIST", "PYTEST_ADDOPTS")
        environment = {
            name: text for name, text in os.environ.items() if not name.startswith(apart)
        }
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0"}
        # What a mutant leaves when it is killed goes with the worker.
        self._place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._place.name)
        program = "session" if self.isolation in ("package", "cold") else "worker"
        return subprocess.Popen(
            [sys.executable, "-m", f"velvet_testing.mutation.{program}", self.isolation],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            cwd=self.cwd,
            env=environment,
        )

    def _begin(self) -> None:
        self._child = self._start()
        if self._line(STARTUP_S) != "ready\n":
            self.close()
            raise RuntimeError("the worker does not start")
        if self._first is not None:
            self._send(self._first)

    def do(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return the verdict of one job."""
        if self._child is None:
            self._begin()
        # `fork` ends its own children by an alarm; this limit is for a worker that hangs itself.
        patience = WAITING * job["timeout"] + (STARTUP_S if self.isolation != "spawn" else 0)
        self._send(job)
        said = self._line(patience)
        if not said or self.isolation == "spawn":
            self.close()
        if said is None:
            return {"timeout": True}
        if not said:
            return {"failed": ["the process ended without a verdict"], "died": True}
        verdict: dict[str, Any] = json.loads(said)
        return verdict

    def _send(self, job: dict[str, Any]) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # an ended child has said why, or says nothing
            self._child.stdin.write(json.dumps(job) + "\n")
            self._child.stdin.flush()

    def _line(self, patience: float) -> str | None:
        """Return the next line of the child, empty when it ended, None when it takes too long."""
        assert self._child is not None
        child, answers = self._child, Queue[str]()
        assert child.stdout is not None
        reader = Thread(target=lambda out=child.stdout: answers.put(out.readline()))
        reader.start()
        try:
            return answers.get(timeout=patience)
        except Empty:
            child.kill()
            return None
        finally:
            reader.join()

    def preload(self, modules: list[str]) -> None:
        """Let the process that forks import these first."""
        if self.isolation in ("fork", "cold"):
            if self._child is None:
                self._begin()
            self._send({"preload": modules})

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None
            self._place.cleanup()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def default_isolation() -> str:
    """Return `fork` where it is safe, else `spawn`."""
    return "fork" if sys.platform == "linux" else "spawn"


def run(
    target: Path,
    tests: Test | Sequence[str],
    *,
    isolation: str = "",
    timeout_s: float | None = None,
    lines: Collection[int] | None = None,
    cwd: Path | None = None,
    limit: int | None = None,
) -> MutationReport:
    """Mutate a file and run tests against each mutant.

    Args:
        tests: arguments of pytest, or a callable that takes the module and can be pickled.
        isolation: `fork` (not on Windows) or `spawn`; what suits the system by default.
        timeout_s: per mutant; five times the baseline and at least half a second by default.
        limit: at most so many mutants, evenly spread over the file.

    Raises:
        BaselineRed: the tests fail without any mutation.
        ValueError: an unknown isolation.
    """
    isolation = isolation or default_isolation()
    if isolation not in ("fork", "spawn") or (isolation == "fork" and not hasattr(os, "fork")):
        raise ValueError(f"isolation {isolation!r}: choose fork (where there is one) or spawn")
    source = target.read_text(encoding="utf-8")
    found = list(operators.mutants(source, lines=lines, filename=str(target)))
    if limit is not None and len(found) > limit:
        found = [found[i * len(found) // limit] for i in range(limit)]
    started, before = time.perf_counter(), _children_cpu()
    report = MutationReport()
    job: dict[str, Any] = {"path": str(target), "timeout": BASELINE_S, "traced": True}
    if callable(tests):
        job["call"] = base64.b64encode(pickle.dumps(tests)).decode()
    else:
        job["args"] = list(tests)
    session = Worker("session", cwd, job) if "args" in job and isolation == "fork" else None
    with Worker(isolation, cwd) as worker, session or contextlib.nullcontext():
        baseline = (session or worker).do({**job, "source": source})
        if baseline.get("timeout") or baseline["failed"]:
            raise BaselineRed(", ".join(baseline.get("failed", ["the tests take too long"])))
        reached = {name: set(ran) for name, ran in baseline["lines"].items()}
        imported = reached.pop("", set())
        report.covered = frozenset(imported.union(*reached.values()))
        report.tests = len(reached)
        patience = timeout_s or max(MIN_TIMEOUT_S, SLOWER * baseline["seconds"])
        warm = False
        for mutant in found:
            chosen = [name for name, ran in reached.items() if ran.intersection(mutant.lines)]
            early = bool(imported.intersection(mutant.lines))  # it ran before the first test
            one = {**job, "source": mutant.source, "timeout": patience, "traced": False}
            if operators.is_trivially_equivalent(source, mutant.source):
                outcome = Outcome(mutant, Status.EQUIVALENT)
            elif not chosen and not early:
                outcome = Outcome(mutant, Status.NO_COVERAGE)
            else:
                verdict: dict[str, Any] = {"cold": True}
                some = chosen or None
                if session is not None and not early:
                    verdict = session.do({**one, "tests": some, "line": mutant.lineno})
                if "cold" in verdict:
                    if not warm:
                        worker.preload(baseline["modules"])
                        warm = True
                    if "args" in one and some:
                        options = [word for word in job["args"] if not _is_test(word, cwd)]
                        one["args"] = [*options, *some]
                    one["timeout"] += SLOWER * baseline.get("startup", 0.0)
                    verdict = worker.do(one)
                outcome = _judge(mutant, verdict)
            report.outcomes.append(outcome)
    report.wall_s, report.cpu_s = time.perf_counter() - started, _children_cpu() - before
    return report


def _is_test(word: str, cwd: Path | None) -> bool:
    return Path(cwd or ".", word.split("::")[0]).exists()


def _judge(mutant: Mutant, verdict: dict[str, Any]) -> Outcome:
    if verdict.get("timeout"):
        return Outcome(mutant, Status.TIMEOUT)
    if verdict["failed"]:
        return Outcome(mutant, Status.KILLED, verdict["failed"][0])
    return Outcome(mutant, Status.SURVIVED)


def _children_cpu() -> float:
    return sum(os.times()[2:4])  # user and system time
