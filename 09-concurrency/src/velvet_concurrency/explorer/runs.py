"""A run of the demo as the explorer keeps it, read from the lines that the child wrote.

The lines come while the run goes on, may be cut off when it is stopped, and may be replayed from
a file that ships with the module; one reader serves all three. What a reader asks for is checked
here as well, because a page that starts a run of ten minutes looks like one that hangs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from velvet_concurrency.runtime import usable_cores
from velvet_concurrency.trace import Span
from velvet_concurrency.workload import MODELS

_LIMITS = {"tasks": (10, 500), "limit": (1, 500)}
_MOST_MS = {"latency_ms": 5_000.0, "cpu_ms": 500.0}
LONGEST_SECONDS = 60.0
_POOL_START = 1.0  # seconds that a pool of processes takes to be there


class Reading(NamedTuple):
    """The process at one moment: seconds into the run, MB, per cent of one core, ms late."""

    t: float
    rss_mb: float
    cpu_pct: float
    threads: int
    loop_lag_ms: float


@dataclass(frozen=True)
class Parameters:
    """What the sidebar asks for; nothing is checked until `problems` or `argv` is called.

    Attributes:
        model: one of `MODELS`.
        tasks: jobs, 10 to 500.
        latency_ms: mean wait of a job.
        cpu_ms: computing of a job.
        limit: jobs at a time: threads, processes or places in a semaphore.
        seed: of the waits.
    """

    model: str = "asyncio"
    tasks: int = 60
    latency_ms: float = 60.0
    cpu_ms: float = 4.0
    limit: int = 12
    seed: int = 1

    @property
    def workers(self) -> int:
        """How many jobs run at a time under this model here."""
        most = {"serial": 1, "processes": 2 * usable_cores()}.get(self.model, self.limit)
        return max(1, min(self.limit, most, self.tasks))

    @property
    def seconds(self) -> float:
        """About how long the run takes: waves of waits, or the computing where it is more."""
        wait, cpu = self.latency_ms / 1e3, self.cpu_ms / 1e3
        waves = math.ceil(self.tasks / self.workers)
        if self.model == "serial":
            return self.tasks * (wait + cpu)
        if self.model == "processes":
            cores = min(self.workers, usable_cores())
            return _POOL_START + max(waves * (wait + cpu), self.tasks * cpu / cores)
        return max(waves * (wait + cpu), self.tasks * cpu)

    def problems(self) -> list[str]:
        """Say what is wrong, one sentence each with the way out; empty when it can run."""
        found = []
        if self.model not in MODELS:
            found.append(f"model must be one of {', '.join(MODELS)}, not {self.model!r}")
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                found.append(f"{name} must be {low} to {high}, not {value}")
        for name, most in _MOST_MS.items():
            value = getattr(self, name)
            if not 0.0 <= value <= most:
                found.append(f"{name} must be 0 to {most:g}, not {value:g}")
        if not found and self.seconds > LONGEST_SECONDS:
            found.append(
                f"{self.model} would take about {self.seconds:.0f} s; a run here may take "
                f"{LONGEST_SECONDS:g} s: choose fewer tasks, a shorter wait or more workers"
            )
        return found

    def argv(self) -> list[str]:
        """Return the arguments after the interpreter that run it in a child.

        Raises:
            ValueError: `problems` are not empty.
        """
        problems = self.problems()
        if problems:
            raise ValueError("; ".join(problems))
        argv = ["-m", "velvet_concurrency.demo", "--json-lines"]
        for name, value in asdict(self).items():
            argv += [f"--{name.replace('_', '-')}", f"{value}"]
        return argv


@dataclass(frozen=True)
class Run:
    """What is known of a run so far.

    Attributes:
        parameters: what was asked for.
        spans: with times in ns from its start.
        readings: of its process, the first from before the first job.
        done, total: jobs.
        wall_s: seconds it took; None while it runs, or when it ended badly.
        stopped: it was asked to end early.
        dropped: spans that the tracer's ring lost.
    """

    parameters: Parameters
    spans: tuple[Span, ...] = ()
    readings: tuple[Reading, ...] = ()
    done: int = 0
    total: int = 0
    wall_s: float | None = None
    stopped: bool = False
    dropped: int = 0

    @property
    def name(self) -> str:
        """The model, with its workers."""
        if self.parameters.model == "serial":
            return "serial"
        return f"{self.parameters.model}, {self.parameters.workers} at a time"

    @property
    def seconds(self) -> float:
        """Its length: as told, or up to the last thing that is known."""
        if self.wall_s is not None:
            return self.wall_s
        last = max((span.t1_ns for span in self.spans), default=0) / 1e9
        return max([last, *(reading.t for reading in self.readings)])


def _span(event: Mapping[str, Any]) -> Span:
    return Span(
        str(event["lane"]),
        str(event["name"]),
        event["kind"],
        int(event["t0_ns"]),
        max(int(event["t0_ns"]), int(event["t1_ns"])),
        str(event.get("task", "")),
        str(event.get("parent", "")),
        int(event.get("pid", 0)),
        int(event.get("tid", 0)),
    )


def read_run(parameters: Parameters, events: Iterable[Mapping[str, Any]]) -> Run:
    """Read the events of a demo, complete or cut off; O(n). Lines of another type are left out.

    Raises:
        KeyError: a line lacks what its type has.
    """
    spans, readings = [], []
    told: dict[str, Any] = {}
    for event in events:
        kind = event.get("type")
        if kind == "span":
            spans.append(_span(event))
        elif kind == "sample":
            values = (event[name] for name in Reading._fields)
            readings.append(Reading(*values))
        elif kind == "progress":
            told.update(done=int(event["done"]), total=int(event["total"]))
        elif kind == "done":
            told.update(
                wall_s=float(event["wall_s"]),
                stopped=bool(event["stopped"]),
                dropped=int(event["dropped"]),
            )
    return Run(parameters, tuple(spans), tuple(readings), **told)


def read_recording(text: str) -> dict[str, Run]:
    """Read recorded runs by model: each begins with a line of type `run` that has its parameters.

    Raises:
        ValueError: a line is no JSON, or comes before the first `run`.
    """
    groups: list[tuple[Parameters, list[dict[str, Any]]]] = []
    for line in text.splitlines():
        event = json.loads(line)
        if event.get("type") == "run":
            options = {key: value for key, value in event.items() if key != "type"}
            groups.append((Parameters(**options), []))
        elif not groups:
            raise ValueError(f"a recording begins with a line of type 'run', not {line[:60]!r}")
        else:
            groups[-1][1].append(event)
    return {parameters.model: read_run(parameters, events) for parameters, events in groups}
