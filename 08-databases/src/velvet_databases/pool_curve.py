"""How large a pool should be: throughput and latency against its size, measured and simulated.

A connection is busy while its caller holds it, so a pool of `n` serves at most n / hold callers a
second (Little's law, 1961: L = lambda * W). Beyond the knee, where the server or the client is the
bottleneck, more connections only make every caller slower. `pool_curve` measures that on a server;
`simulate` plays the same closed system in virtual time, so that every slider answers at once.
"""

from __future__ import annotations

import asyncio
import heapq
import inspect
import math
import random
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from velvet.services import postgres_server
from velvet_databases.pool_adapters import AsyncpgPool, PoolAdapter

# A query that waits for the disk, one that computes for about half a millisecond, a lookup.
WORK = (
    "SELECT pg_sleep(0.002)",
    "SELECT count(*) FROM generate_series(1, 5000)",
    "SELECT 1",
)
# Every caller has worked once before the clock starts; the first part still finds its rhythm.
WARM_UP = 0.1


def little_size(tps_target: float, hold_seconds: float) -> int:
    """Return the connections that a throughput needs when each is held that long: L = lambda * W.

    Raises:
        ValueError: a negative or not finite argument.
    """
    for name, number in (("tps_target", tps_target), ("hold_seconds", hold_seconds)):
        if not 0.0 <= number < math.inf:
            raise ValueError(f"{name} must be a finite number >= 0, not {number!r}")
    # Rounded first: 600 * 0.005 is a little more than 3.
    return math.ceil(round(tps_target * hold_seconds, 9))


def little_tps(size: int, hold_ms: float) -> float:
    """Return the most that a pool of that size can serve a second: L / W.

    Raises:
        ValueError: a size below 1, or a hold that is not above 0.
    """
    if not size >= 1 or not 0.0 < hold_ms < math.inf:
        raise ValueError(f"size must be >= 1 and hold_ms above 0, not {size!r} and {hold_ms!r}")
    return size * 1e3 / hold_ms


@dataclass(frozen=True)
class SimulatedPoint:
    """One size of the pool: work done a second, and the latency of the slowest of a hundred."""

    size: int
    tps: float
    p99_ms: float


ASK, COMPUTE, LEAVE = 0, 1, 2


def simulate(
    size: int,
    *,
    threads: int,
    wait_ms: float,
    compute_ms: float,
    cores: int = 2,
    work: int = 1_500,
    seed: int = 7,
) -> SimulatedPoint:
    """Let `threads` callers share `size` connections until `work` pieces are done.

    Each caller waits in line, holds a connection while it waits for the disk and then computes on
    one of the server's cores, gives it back and asks again.

    Args:
        wait_ms: mean of the disk's part of a hold, which any number can do at a time.
        compute_ms: mean of the part that needs one of `cores`.
        seed: of the lengths, which vary by a quarter around their means.

    Raises:
        ValueError: a count below 1, or nothing to wait for and nothing to compute.
    """
    if not all(1 <= count < math.inf for count in (size, threads, cores, work)):
        raise ValueError(f"counts must be 1 or more, not {(size, threads, cores, work)!r}")
    if not (wait_ms >= 0.0 and compute_ms >= 0.0 and 0.0 < wait_ms + compute_ms < math.inf):
        raise ValueError(f"wait_ms and compute_ms must be >= 0, not {wait_ms!r}, {compute_ms!r}")
    rng = random.Random(seed)
    now, free, idle_cores = 0.0, size, cores
    line: deque[int] = deque()  # callers that want a connection: FIFO, without overtaking
    computing: deque[int] = deque()  # and that want a core
    asked = [0.0] * threads
    events = [(0.0, caller, ASK) for caller in range(threads)]
    took: list[float] = []

    def length(mean: float) -> float:
        return mean * rng.uniform(0.75, 1.25)

    while len(took) < work:
        now, caller, what = heapq.heappop(events)
        if what == ASK:
            asked[caller] = now
            line.append(caller)
        elif what == COMPUTE:
            computing.append(caller)
        else:
            took.append(now - asked[caller])
            free, idle_cores = free + 1, idle_cores + 1
            heapq.heappush(events, (now, caller, ASK))
        while free and line:
            free -= 1
            heapq.heappush(events, (now + length(wait_ms), line.popleft(), COMPUTE))
        while idle_cores and computing:
            idle_cores -= 1
            heapq.heappush(events, (now + length(compute_ms), computing.popleft(), LEAVE))
    took.sort()
    return SimulatedPoint(size, work / now * 1e3, took[math.ceil(0.99 * work) - 1])


def knee(points: Sequence[SimulatedPoint], gain: float = 1.25) -> int:
    """Return the smallest size after which doubling it gives less than `gain` times as much.

    Raises:
        ValueError: there is no point, or the gain is no number.
    """
    if not points or gain != gain:
        raise ValueError(f"a knee needs a gain and one point or more, not {gain!r} and {points!r}")
    for here, after in zip(points, points[1:]):  # noqa: B905, RUF007 - pairs of neighbours
        if after.tps < gain * here.tps:
            return here.size
    return points[-1].size


@dataclass(frozen=True)
class PoolPoint:
    """One size of a pool under load.

    Attributes:
        tps: times that `work` was done per second.
        p50_ms, p99_ms: from asking for a connection until it was given back.
        worst_wait_ms: from asking until having it, the longest of all callers, also of those not
            served before the end.
        waiting: callers in line, on average over the run.
    """

    size: int
    tps: float
    p50_ms: float
    p99_ms: float
    worst_wait_ms: float
    waiting: float


def pool_curve(
    adapter: Callable[[], PoolAdapter] | Callable[[], AsyncpgPool],
    url: str,
    sizes: Sequence[int],
    threads: int = 32,
    seconds: float = 1.5,
    work: Sequence[str] = WORK,
) -> list[PoolPoint]:
    """Load a pool with `threads` callers (tasks for an async one) for `seconds` at every size.

    Args:
        adapter: makes the pool that is measured, such as `ADAPTERS["ours"]`.
        work: statements that each caller executes on the connection it was lent, over and over.

    Raises:
        ValueError: a size or `threads` below 1, `seconds` not above 0 or not finite.
        StoreUnavailable: nothing answers; errors of the work are raised as they are.
    """
    for size in (*sizes, threads):
        if size < 1:
            raise ValueError(f"sizes and threads must be 1 or more, not {size}")
    if not 0.0 < seconds < math.inf:
        raise ValueError(f"seconds must be finite and more than 0, not {seconds!r}")
    points = []
    for size in sizes:
        made, load = adapter(), _Load(seconds, tuple(work))
        if inspect.iscoroutinefunction(made.open):
            asyncio.run(_with_tasks(made, url, size, threads, load))  # type: ignore[arg-type]
        else:
            _with_threads(made, url, size, threads, load)  # type: ignore[arg-type]
        points.append(load.point(size))
    return points


class _Load:
    """The work, the time it may take, and what was seen; shared by the callers of one run."""

    def __init__(self, seconds: float, work: tuple[str, ...]) -> None:
        self.work, self._seconds = work, seconds
        self.counted_from = self.until = math.inf
        self.failed = False
        self._asked: list[tuple[float, float]] = []
        self._whole: list[float] = []

    def start(self) -> None:
        self.counted_from = time.perf_counter() + WARM_UP * self._seconds
        self.until = self.counted_from + self._seconds

    def seen(self, asked: float, had: float, gave_back: float) -> None:
        self._asked.append((asked, had))
        # What was not finished in time would have been cut off: count by the end, not the start.
        if self.counted_from <= gave_back <= self.until:
            self._whole.append(gave_back - asked)

    def point(self, size: int) -> PoolPoint:
        done, whole = len(self._whole), sorted(self._whole)
        if not done:
            raise ValueError(f"nothing finished within {self._seconds:g} s; allow more seconds")
        inside = [
            max(0.0, min(had, self.until) - max(asked, self.counted_from))
            for asked, had in self._asked
        ]
        return PoolPoint(
            size,
            tps=done / self._seconds,
            p50_ms=whole[(done - 1) // 2] * 1e3,
            p99_ms=whole[math.ceil(0.99 * done) - 1] * 1e3,
            worst_wait_ms=max(inside) * 1e3,
            waiting=sum(inside) / self._seconds,
        )


def _with_threads(adapter: PoolAdapter, url: str, size: int, threads: int, load: _Load) -> None:
    together = threading.Barrier(threads, action=load.start)

    def use() -> float:
        """Borrow and work once; return the moment from which the connection was there."""
        with adapter.borrow() as execute:
            had = time.perf_counter()
            for sql in load.work:
                execute(sql)
        return had

    def caller() -> None:
        clock = time.perf_counter
        try:
            use()
            together.wait()
            while (asked := clock()) < load.until and not load.failed:
                load.seen(asked, use(), clock())
        except BaseException:
            load.failed = True
            together.abort()
            raise

    with ExitStack() as stack:
        stack.callback(adapter.close)
        adapter.open(url, size)
        callers = stack.enter_context(ThreadPoolExecutor(threads, "caller"))
        running = [callers.submit(caller) for _ in range(threads)]
        errors = [error for one in running if (error := one.exception()) is not None]
        # One that waited for a caller which failed has no news of its own.
        errors.sort(key=lambda error: isinstance(error, threading.BrokenBarrierError))
        if errors:
            raise errors[0]


async def _with_tasks(adapter: AsyncpgPool, url: str, size: int, tasks: int, load: _Load) -> None:
    async def use() -> float:
        async with adapter.borrow() as execute:
            had = time.perf_counter()
            for sql in load.work:
                await execute(sql)
        return had

    async def caller() -> None:
        clock = time.perf_counter
        try:
            while (asked := clock()) < load.until and not load.failed:
                load.seen(asked, await use(), clock())
        except BaseException:
            load.failed = True  # so that the others end, and the pool can be closed
            raise

    try:
        await adapter.open(url, size)
        await asyncio.gather(*(use() for _ in range(tasks)))
        load.start()
        await asyncio.gather(*(caller() for _ in range(tasks)))
    finally:
        await adapter.close()


def pgbench() -> Path | None:
    """Return PostgreSQL's own load generator, from the same places as the server; or None."""
    program = f"pgbench{postgres_server.SUFFIX}"
    folders = list(postgres_server.binaries())
    wheel = postgres_server.wheel()
    if wheel is not None:
        folders.append(wheel)
    return next((folder / program for folder in folders if (folder / program).is_file()), None)


def pgbench_tps(program: Path, url: str, clients: int, seconds: int, work: Sequence[str]) -> float:
    """Return how often a second `clients` connections do `work` when no Python is in the way.

    Args:
        program: what `pgbench` returned.
        seconds: a whole number, 1 or more.

    Raises:
        RuntimeError: it failed, with the last line it said, or it did not end.
    """
    with tempfile.TemporaryDirectory(prefix="velvet-databases-") as folder:
        script = Path(folder) / "work.sql"
        script.write_text("".join(f"{sql};\n" for sql in work), encoding="utf-8")
        options = ["-n", "-f", str(script), "-c", str(clients), "-j", "2", "-T", str(seconds)]
        try:
            done = subprocess.run(
                [str(program), *options, url],
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=seconds + 30,
                check=False,
            )
        except subprocess.TimeoutExpired:
            # Its own message would quote the address, password and all.
            raise RuntimeError(f"pgbench did not end within {seconds + 30} s") from None
    found = [line for line in done.stdout.splitlines() if line.startswith("tps = ")]
    if done.returncode or not found:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RuntimeError(f"pgbench failed: {said}")
    return float(found[-1].split()[2])
