"""What spans cannot show: how late the event loop wakes, and what the process consumes.

`LoopLag` asks the loop for a call at a known time and looks at the clock when it comes: whatever
is missing was spent in a callback that did not yield, or waiting for the GIL. `Resources` asks
psutil from a thread, because a loop that is blocked could not report on itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from typing import Any, NamedTuple

from velvet_concurrency.runtime import quantile
from velvet_concurrency.trace.tracer import Tracer

_KEPT = 100_000


def _positive(name: str, value: float) -> float:
    if not 0.0 < value < float("inf"):
        raise ValueError(f"{name} must be finite and > 0 seconds, got {value!r}")
    return value


class LoopLag:
    """Measure how much later than asked the running loop calls back.

    `interval` is in seconds, above 0; a `tracer` gets a `queue` span in the lane `loop lag` for each sample.

    For one loop. A block longer than the interval gives one sample, as long as the block.
    """

    def __init__(self, interval: float = 0.01, *, tracer: Tracer | None = None) -> None:
        self._interval = _positive("interval", interval)
        self._tracer = tracer
        self._handle: asyncio.TimerHandle | None = None
        self.samples: deque[float] = deque(maxlen=_KEPT)

    def start(self) -> None:
        """Begin on the running loop; does nothing when it samples already."""
        if self._handle is not None:
            return
        self._arm(asyncio.get_running_loop())

    def stop(self) -> None:
        """End; the samples stay. Idempotent."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + self._interval
        self._handle = loop.call_at(due, self._called, loop, due)

    def _called(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        lag = max(0.0, loop.time() - due)
        self.samples.append(lag)
        if self._tracer is not None:
            now, pid = self._tracer.clock(), self._tracer.pid
            began = now - round(lag * 1e9)
            self._tracer.record(("loop lag", "lag", "queue", began, now, "", "", pid, 0))
        self._arm(loop)

    @property
    def worst(self) -> float:
        """The largest lag in seconds, 0 before the first."""
        return max(self.samples, default=0.0)

    def quantile(self, q: float) -> float:
        """Return the lag in seconds that a share `q` of the samples did not exceed."""
        return quantile(self.samples, q)

    async def __aenter__(self) -> LoopLag:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()


class Sample(NamedTuple):
    """One look at a process, and its children where asked."""

    t_ns: int  # by `time.perf_counter_ns`, as spans have it
    rss_mb: float  # resident memory in MiB
    cpu_pct: float  # CPU since the last sample, 100 for one core
    threads: int
    fds: int  # open descriptors; handles on Windows


class Resources:
    """Sample memory, CPU, threads and descriptors of this process until it is left.

    `interval` is in seconds, above 0; `children` adds what its children use. A context manager with a
    thread of its own; `sample()` works without it.
    """

    def __init__(self, interval: float = 0.1, *, children: bool = False) -> None:
        import psutil  # only those who sample pay for its import

        self._psutil: Any = psutil
        self._interval = _positive("interval", interval)
        self._root: Any = psutil.Process()
        self._children = children
        self._cpu: dict[int, float] = {}
        self._seen = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.samples: deque[Sample] = deque(maxlen=_KEPT)

    def sample(self) -> Sample:
        """Return one look at the process; the CPU share counts from the last look."""
        rss, threads, fds, cpu = 0, 0, 0, 0.0
        now, known = time.perf_counter_ns(), self._cpu
        self._cpu = {}
        for process in [self._root, *(self._root.children(True) if self._children else ())]:
            # A child may end between being listed and being asked.
            with contextlib.suppress(self._psutil.NoSuchProcess, self._psutil.AccessDenied):
                with process.oneshot():
                    times = process.cpu_times()
                    rss += process.memory_info().rss
                    threads += process.num_threads()
                    count = getattr(process, "num_fds", None) or process.num_handles
                    fds += count()
                used = times.user + times.system
                cpu += used - known.get(process.pid, used)
                self._cpu[process.pid] = used
        elapsed = (now - self._seen) / 1e9 if self._seen else 0.0
        self._seen = now
        share = 100.0 * cpu / elapsed if elapsed > 0 else 0.0
        return Sample(now, rss / 2**20, share, threads, fds)

    def _watch(self) -> None:
        while True:
            self.samples.append(self.sample())
            if self._stop.wait(self._interval):
                return

    def __enter__(self) -> Resources:
        if self._thread is not None:
            raise RuntimeError("it samples already")
        self._stop.clear()
        try:
            self._thread = threading.Thread(target=self._watch, name="resources", daemon=True)
            self._thread.start()
        except BaseException:
            self._stop.set()  # also Ctrl-C, after which nothing would end it
            self._thread = None
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
