"""The same jobs under four models: each waits like a request and then computes like a handler.

The explorer's timeline compares models, so the jobs have to be equal: waits are drawn from a seed,
and computing means a counted number of loop turns, calibrated once, because a job that computed
"for 5 ms of wall time" would do less work whenever it had to share the interpreter. Computing is cut
into slices of about a millisecond; in each, the time that the thread's own CPU clock did not see
is shown as `block`: another thread had the GIL, or another process the core.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from velvet_concurrency.runtime import usable_cores
from velvet_concurrency.trace import in_charge, span

Model = Literal["serial", "threads", "asyncio", "processes"]
MODELS: tuple[Model, ...] = ("serial", "threads", "asyncio", "processes")
_CALIBRATION_LOOPS = 20_000
_LATENCY_SPREAD = 0.2


class Stop:
    """A request to end, that wakes whoever waits; thread-safe, not for use in a signal handler."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def set(self) -> None:
        """Ask for the end; the callbacks run in this thread, once."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def is_set(self) -> bool:
        """Say whether the end was asked for."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past the request; says whether it came."""
        return self._event.wait(seconds)

    def call(self, callback: Callable[[], object]) -> None:
        """Have `callback` called at the request, at once if it was made."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()


@dataclass(frozen=True)
class Job:
    """One task: seconds to wait, then so many slices of so many loop turns."""

    wait: float
    slices: int
    loops: int


@dataclass(frozen=True)
class Workload:
    """What to run.

    Attributes:
        model: how the jobs are run.
        tasks: number of jobs.
        latency_ms: mean wait of a job.
        cpu_ms: computing of a job, on this machine when it is idle.
        limit: jobs at a time. Processes are capped at twice the usable cores.
        seed: of the waits.

    Raises:
        ValueError: naming the argument that is out of range.
    """

    model: Model = "asyncio"
    tasks: int = 50
    latency_ms: float = 50.0
    cpu_ms: float = 1.0
    limit: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"model must be one of {MODELS}, got {self.model!r}")
        for name in ("tasks", "limit"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be >= 1, got {getattr(self, name)!r}")
        for name in ("latency_ms", "cpu_ms"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be finite and >= 0, got {getattr(self, name)!r}")

    @property
    def workers(self) -> int:
        """How many jobs really run at a time."""
        most = {"serial": 1, "processes": 2 * usable_cores()}.get(self.model, self.limit)
        return min(self.limit, most, self.tasks)

    def jobs(self, loops_per_ms: float) -> list[Job]:
        """Draw the jobs; the same for the same seed and speed."""
        source = random.Random(self.seed)
        slices = round(self.cpu_ms) or (1 if self.cpu_ms else 0)
        loops = round(loops_per_ms * self.cpu_ms / slices) if slices else 0
        low, high = 1.0 - _LATENCY_SPREAD, 1.0 + _LATENCY_SPREAD
        return [
            Job(self.latency_ms / 1e3 * source.uniform(low, high), slices, loops)
            for _ in range(self.tasks)
        ]


def spin(loops: int) -> int:
    """Compute in pure Python for `loops` turns."""
    total = 0
    for turn in range(loops):
        total += turn & 7
    return total


def calibrate(rounds: int = 5) -> float:
    """Give the loop turns of a millisecond, from the fastest of some short rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        spin(_CALIBRATION_LOOPS)
        best = min(best, time.perf_counter() - began)
    return _CALIBRATION_LOOPS / (best * 1e3)


def compute(job: Job, stop: Stop | None = None) -> None:
    """Do the computing of one job, reporting slices to the tracer in charge, until `stop`."""
    found = in_charge()
    thread = threading.current_thread()
    for _ in range(job.slices):
        if stop is not None and stop.is_set():
            return
        began, cpu = time.perf_counter_ns(), time.thread_time_ns()
        spin(job.loops)
        ended, used = time.perf_counter_ns(), time.thread_time_ns() - cpu
        if found is None:
            continue
        tracer, task = found
        # The thread clock of Windows ticks every 15.6 ms: it cannot see into a slice.
        ran = ended - began if sys.platform == "win32" else min(used, ended - began)
        ids = (task, "", tracer.pid, thread.native_id or 0)
        tracer.record((thread.name, "no CPU", "block", began, ended - ran, *ids))
        tracer.record((thread.name, "compute", "run", ended - ran, ended, *ids))


def perform(job: Job, stop: Stop | None = None) -> None:
    """Do one job in the calling thread, reporting to the tracer in charge, until `stop`."""
    with span("request", "wait"):
        if stop is None:
            time.sleep(job.wait)
        else:
            stop.wait(job.wait)
    compute(job, stop)
