"""What the harness's tests share: measure files on disk, quiet runs and a simulated machine."""

from __future__ import annotations

import copy
import random
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from velvet.bench.engine import Engine
from velvet.bench.measured import Measured
from velvet.bench.suite import Options, Suite
from velvet.bench.worker import load_suite

HEADER = """\
import os, sys, threading, time
from pathlib import Path
from velvet.bench import (
    Absent, Command, Estimate, Outcome, Suite, Timed, across, growth, mode, order, ratio, speedup, value,
)
from velvet.bench.command import main
suite = Suite("sample", __file__)
"""
FOOTER = """
if __name__ == "__main__":
    main(suite)
"""


@pytest.fixture(scope="session")
def measure_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write NAME/benchmarks/measure.py around some declarations and return its path."""

    def write(body: str, name: str = "sample") -> Path:
        file = tmp_path_factory.mktemp("module") / name / "benchmarks" / "measure.py"
        file.parent.mkdir(parents=True)
        file.write_text(HEADER + textwrap.dedent(body) + FOOTER, encoding="utf-8")
        return file

    return write


@pytest.fixture(scope="session")
def declared(measure_file: Callable[..., Path]) -> Callable[[str], Suite]:
    """Load the suite that some declarations make."""

    def declare(body: str) -> Suite:
        return load_suite(measure_file(body))

    return declare


@dataclass
class Run:
    """A finished run: what was announced, what was stored, what is still in memory."""

    events: list[dict[str, Any]]
    results: dict[str, Any]
    measured: Measured

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    def entry(self, contender: str, metric: str | None = None) -> dict[str, Any]:
        return next(
            entry
            for entry in self.results["results"]
            if entry["contender"] == contender and metric in (None, entry["metric"])
        )


@pytest.fixture(scope="session")
def measured_by_engine() -> Callable[..., Run]:
    """Measure a suite with few samples and no second look, unless told otherwise."""

    def measure(suite: Suite, **options: Any) -> Run:
        given = {"tier": "quick", "processes": 2, "rounds": 3, "second_look": False, **options}
        engine = Engine(suite, Options(**given))
        events = list(engine.events())
        return Run(events, events[-1]["results"], engine.measured)

    return measure


class SharedMachine:
    """A clock in simulated nanoseconds on a machine with neighbours.

    Speed drifts, makes steps, has spikes, and wanders as an AR(1) process; all of it follows
    from the seed.
    """

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.rng = random.Random(seed)
        self.drift = self.rng.uniform(0.2, 1.5)
        self.wander = 0.0
        self.step = 1.0
        self.next_step = self.rng.expovariate(1 / 40e6)

    def wall(self) -> int:
        return int(self.now)

    cpu = wall

    def slowness(self) -> float:
        if self.now > self.next_step:
            self.step = self.rng.choice((1.0, 1.4, 2.0))
            self.next_step = self.now + self.rng.expovariate(1 / 40e6)
        self.wander = 0.95 * self.wander + self.rng.gauss(0.0, 0.03)
        spike = self.rng.uniform(2.0, 10.0) if self.rng.random() < 0.03 else 1.0
        return (1 + self.drift * self.now / 120e6) * self.step * spike * 2.718281828**self.wander

    def work(self, nanoseconds: float) -> Callable[[], None]:
        """Return a contender that takes so long on a machine of its own."""

        def call() -> None:
            self.now += nanoseconds * self.slowness()

        return call


class QuietClock(SharedMachine):
    """A clock on which nothing but the contenders takes time."""

    def slowness(self) -> float:
        return 1.0


@pytest.fixture
def shared_machine() -> type[SharedMachine]:
    return SharedMachine


@pytest.fixture
def quiet_clock() -> QuietClock:
    return QuietClock(0)


@pytest.fixture
def still_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the noise spin, which is real work beside a simulated clock."""
    monkeypatch.setattr("velvet.bench.rounds.SPIN_TURNS", 0)


def _entry(contender: str, n: int, seconds: float, **more: Any) -> dict[str, Any]:
    return {
        "bench": "lookup",
        "contender": contender,
        "size": {"n": n},
        "kind": "micro",
        "metric": "time",
        "unit": "us",
        "n": 3,
        "median": seconds,
        "p10": seconds,
        "p90": seconds,
        "min": seconds,
        "processes": 3,
        "samples": [seconds, seconds * 1.1, seconds * 0.9],
        "outliers": 0,
        "gc_runs": 0,
        "loops": 1,
        **more,
    }


_DOCUMENT: dict[str, Any] = {
    "schema": "velvet-bench/1",
    "suite": "sample",
    "created": "2026-01-01T00:00:00Z",
    "duration_s": 1.5,
    "options": {"tier": "quick", "seed": 1},
    "machine": {
        "os": "Linux",
        "cpu": "A processor",
        "usable_cores": 2,
        "ram_gb": 8.0,
        "python": "3.12.1",
        "implementation": "CPython",
        "git": {"commit": None, "dirty": None},
    },
    "noise": {"index": 1.1, "spin_ms": 2.0},
    "comparisons": [
        {
            "name": "lookup",
            "title": "find a key",
            "kind": "micro",
            "unit": "us",
            "clock": "cpu",
            "baseline": "scan",
            "metric": "time",
            "better": {"time": "lower"},
            "contenders": [{"name": "scan", "note": ""}, {"name": "hash", "note": "a dict"}],
        }
    ],
    "results": [
        _entry("hash", 100, 0.5),
        _entry("scan", 100, 8.0),
        _entry("scan", 10, 1.0),
        _entry("hash", 10, 0.5),
        {**_entry("scan", 10, 1.0), "metric": "peak_mb", "unit": "MB", "median": 12.0},
    ],
    "pairs": [
        {
            "bench": "lookup",
            "a": "hash",
            "b": "scan",
            "metric": "time",
            "size": {"n": n},
            "ratio": found,
            "lo": found * 0.9,
            "hi": found * 1.1,
            "n": 3,
        }
        for n, found in ((10, 0.5), (100, 0.0625))
    ],
    "claims": [
        {
            "id": "hash-wins",
            "text": "hash wins",
            "benches": ["lookup"],
            "verdict": "HOLDS",
            "reason": "",
            "needs": [],
            "parts": [
                {
                    "text": "speedup(hash over scan, lookup)",
                    "bound": ">= 8",
                    "verdict": "HOLDS",
                    "reason": "",
                    "value": 16.0,
                    "lo": 14.5,
                    "hi": 17.5,
                    "n": 3,
                }
            ],
        }
    ],
    "published": [
        {
            "bench": "lookup",
            "contender": "hash",
            "metric": "time",
            "value": 0.25,
            "source": "a table that is often quoted",
        }
    ],
}
for _less in _DOCUMENT["results"][-1:]:
    del _less["samples"]


@pytest.fixture
def document() -> dict[str, Any]:
    """A complete results document, the test's own to change."""
    return copy.deepcopy(_DOCUMENT)


@pytest.fixture
def entry() -> Callable[..., dict[str, Any]]:
    return _entry
