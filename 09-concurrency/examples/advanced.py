"""Six experiments at the limits: connections, overload, tails, shared memory, a fleet, an ending.

Every example is one function to be read from top to bottom; run one of them with
`python examples/advanced.py NAME`. What runs in another process stands at the top of the file,
where a worker that was spawned can import it; heavy libraries are imported where they are used,
so that such a worker starts quickly.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from velvet.examples import example, main
from velvet_concurrency.pools import process_pool

SPAWN = multiprocessing.get_context("spawn")


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Draw values as a row of bars, the highest full, in ASCII where the console needs it."""
    bars = " ▁▂▃▄▅▆▇█"
    try:
        bars.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        bars = " .:-=+*%#"
    top = max(values, default=0) or 1
    picked = [values[i * len(values) // width] for i in range(width)] if values else []
    return "".join(bars[-int(-8 * value // top)] for value in picked)


def fleet_member(url: str, prefix: str, kind: str) -> int:
    """Ask the shared limiter 100 times, as soon as all four members are there."""
    from velvet_concurrency.redis_limiter import RacyRedisLimiter, RedisLimiter, connect

    with connect(url, socket_timeout=5.0) as client:
        limiter: Any = {"racy": RacyRedisLimiter, "lua": RedisLimiter}[kind](
            client, rate=0.001, burst=100, prefix=prefix
        )
        client.incr(f"{prefix}{kind}-ready")
        until = time.monotonic() + 10.0
        while int(client.get(f"{prefix}{kind}-ready") or 0) < 4 and time.monotonic() < until:
            time.sleep(0.001)
        return sum(limiter.allow(kind) for _ in range(100))


def private_mb() -> float:
    """Return the MB that belong to this process alone (USS)."""
    import psutil

    return float(psutil.Process().memory_full_info().uss / 1e6)


def total_of_copy(matrix: Any) -> tuple[float, float]:
    """Add up a matrix that came through a pipe."""
    return float(matrix.sum()), private_mb()


def total_of_shared(handle: Any) -> tuple[float, float]:
    """Add up a matrix that is only mapped."""
    from velvet_concurrency.shared_array import SharedArray

    with SharedArray.attach(handle) as shared:
        return float(shared.array.sum()), private_mb()


@dataclass
class Flaky:
    """A dependency of which a share of the replies is slow; counts what it is asked for."""

    slow_share: float
    source: random.Random
    asked: int = 0
    cancelled: int = 0

    async def reply(self) -> None:
        """Answer after about 10 ms, or after 300 to 600."""
        self.asked += 1
        slow = self.source.random() < self.slow_share
        usual = 0.01 * self.source.lognormvariate(0.0, 0.3)
        try:
            await asyncio.sleep(self.source.uniform(0.3, 0.6) if slow else usual)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


def serve(lines: Connection, graceful: bool) -> None:
    """Work on six requests, get SIGTERM after 0.35 s, and tell what happens."""
    from velvet_concurrency.structured import GracefulShutdown, ShuttingDown, TaskGroup

    async def request(seconds: float) -> None:
        await asyncio.sleep(seconds)
        lines.send(f"request of {seconds} s answered")

    async def server() -> None:
        # Windows has no other way to deliver it than from inside.
        asyncio.get_running_loop().call_later(0.35, signal.raise_signal, signal.SIGTERM)
        work = (0.1, 0.2, 0.5, 0.6, 5.0, 6.0)
        if not graceful:
            async with TaskGroup() as group:
                for seconds in work:
                    group.create_task(request(seconds))
            return
        async with GracefulShutdown(grace=0.6) as shutdown:
            for seconds in work:
                shutdown.create_task(request(seconds), name=f"request of {seconds} s")
            await shutdown.wait()
            try:
                shutdown.create_task(request(0.1))
            except ShuttingDown as refusal:
                lines.send(f"a new request is refused: {refusal}")
        if report := shutdown.report:
            lines.send(f"drained {report.drained}, cut off: {', '.join(report.cut_off)}")

    asyncio.run(server())


@example("ten_thousand_connections", needs=["psutil"])
def ten_thousand_connections() -> None:
    """Ten thousand open connections on this machine, and what each one costs the server.

    All are opened, held, and then speak at once; fewer where descriptors do not suffice.
    """
    from velvet_concurrency.connections import hold_connections

    print(f"{'server':10}{'held':>8}{'opened in':>11}{'bytes each':>12}{'CPU':>8}", end="")
    print(f"{'echo p50':>12}{'p99':>9}{'errors':>8}")
    notes: list[str] = []
    for variant, wanted in (("streams", 10_000), ("protocol", 10_000), ("threads", 1_000)):
        held = hold_connections(wanted, variant, deadline=25.0)  # type: ignore[arg-type]
        print(f"{variant:10}{held.held:8,}{held.connect_seconds:9.2f} s", end="")
        print(f"{held.bytes_per_connection:12,.0f}{held.cpu_seconds:6.2f} s", end="")
        print(f"{held.p50 * 1e3:9.0f} ms{held.p99 * 1e3:6.0f} ms{held.errors.total():8}")
        notes += [held.note] if held.note else []
    print("\nwhy: a connection that waits is an object in a loop, or a thread with a stack;")
    print("     the threads hold a tenth, to spare this machine: compare bytes, not times.")
    for note in dict.fromkeys(notes):
        print(note)


@example("overload_lab")
def overload_lab() -> None:
    """Twice the load that a server can do, through five queue policies in virtual time.

    200 requests a second into a server that does 100, for 20 s, then 50 a second to recover; an
    answer counts when it comes within a second.
    """
    from velvet_concurrency.simulate import overload

    print(
        f"{'policy':12}{'on time':>9}{'p50':>10}{'p99':>10}{'longest':>9}  waiting, 40 s (own scale)"
    )
    for policy in ("unbounded", "bounded20", "reject", "codel", "codel+lifo"):
        seen = overload(policy)
        print(f"{policy:12}{seen.goodput:7.1f} %{seen.p50 * 1e3:7.0f} ms", end="")
        print(f"{seen.p99 * 1e3:7.0f} ms{seen.max_queue:9,}", end="")
        print(f"  |{sparkline([depth for _, depth in seen.depth])}|")
    print(f"\nthe most that any policy could answer on time: {seen.ceiling:.1f} %")
    print("\nwhy: an endless queue makes the server work on requests whose clients have gone;")
    print("     every bound answers most of what can be answered at all. Compare the waits.")


@example("hedged_requests")
async def hedged_requests() -> None:
    """Two replies in a hundred are slow: the tail plain and hedged, and what hedging costs.

    40 calls at a time; an ordinary reply takes about 10 ms, a slow one 300 to 600 ms. Then the
    dependency falls ill, 30 in a hundred are slow, and only the budget bounds the extra load.
    """
    from velvet_concurrency.resilience import HedgeBudget, hedge, race
    from velvet_concurrency.runtime import quantile
    from velvet_concurrency.structured import amap

    async def measure(flaky: Flaky, delay: float, budget: HedgeBudget | None) -> list[float]:
        async def timed(_: int) -> float:
            began = time.perf_counter()
            if delay:
                await hedge(flaky.reply, delay, max_hedges=1, budget=budget)
            else:
                await race(flaky.reply, flaky.reply)
            return time.perf_counter() - began

        calls = range(1_500 if flaky.slow_share < 0.1 else 240)
        return [latency async for latency in amap(timed, calls, 40, ordered=False)]

    delay, never = 1e-9, 60.0
    print(f"{'':24}{'p50':>9}{'p99':>9}{'p99.9':>9}{'extra calls':>13}{'cancelled':>11}")
    for share in (0.02, 0.30):
        for name in ("plain", "race of two", "hedged", "hedged, budget"):
            budget = HedgeBudget(0.05, burst=5) if name == "hedged, budget" else None
            flaky = Flaky(share, random.Random(9))
            after = {"plain": never, "race of two": 0.0}.get(name, delay)
            latencies = await measure(flaky, after, budget)
            p50, p99, p999 = (quantile(latencies, q) * 1e3 for q in (0.5, 0.99, 0.999))
            delay = quantile(latencies, 0.95) if delay < 1e-6 else delay
            extra = 100 * (flaky.asked / len(latencies) - 1)
            print(f"{100 * share:2.0f} % slow, {name:14}{p50:6.0f} ms{p99:6.0f} ms", end="")
            print(f"{p999:6.0f} ms{extra:11.1f} %{flaky.cancelled:11}")
    print(
        f"\na hedge goes out after {delay * 1e3:.0f} ms, the p95 of the first row; losers are cancelled"
    )
    print(f"tasks left running: {len(asyncio.all_tasks()) - 1}")
    print("why: two tries are both slow far more rarely than one. The budget lets 5 hedges")
    print("     out at once and then 5 in 100 calls: an ill dependency is not asked twice.")


@example("shared_memory_matrix", needs=["numpy", "psutil"])
def shared_memory_matrix() -> None:
    """The same 100 MB for four worker processes, sent as copies and shared: time and memory.

    Each worker adds up the whole matrix; its start is not counted, the one copy into shared memory is.
    """
    import numpy as np

    from velvet_concurrency.shared_array import SharedArray
    from velvet_concurrency.trace import Resources

    matrix = np.random.default_rng(9).random((2_500, 5_000))
    print(f"{'':8}{'seconds':>9}{'peak RSS of all':>17}{'private, a worker':>19}{'total':>15}")
    for name in ("pickled", "shared"):
        with process_pool(4) as pool:
            list(pool.map(total_of_copy, [matrix[:1]] * 4))  # starts the workers
            with Resources(0.05, children=True) as watched:
                began = time.perf_counter()
                if name == "pickled":
                    answers = list(pool.map(total_of_copy, [matrix] * 4))
                else:
                    with SharedArray.copy_of(matrix) as shared:
                        answers = list(pool.map(total_of_shared, [shared.handle] * 4))
                spent = time.perf_counter() - began
        peak = max(sample.rss_mb for sample in watched.samples) * 2**20 / 1e6
        print(f"{name:8}{spent:7.2f} s{peak:14,.0f} MB", end="")
        print(f"{max(mb for _, mb in answers):16.0f} MB{answers[0][0]:15.3f}")
    try:
        SharedArray.attach(shared.handle).close()
        print("\nthe segment is still there: a leak")
    except FileNotFoundError:
        print("\nsegments left behind: 0")
    print("why: RSS counts a shared page once in every process that touched it; the private")
    print("     part shows that the matrix exists once.")


@example("redis_fleet", needs=["redis"])
def redis_fleet() -> None:
    """Four processes with one limit of 100 in a real Redis: GET-then-SET against one Lua script.

    Each process asks 100 times; nothing refills meanwhile.
    """
    from velvet.services import redis
    from velvet_concurrency.redis_limiter import connect

    prefix = f"velvet-example-{os.getpid()}:"
    with redis() as server, process_pool(4) as pool:
        print(f"{server.version} ({server.rung}), 4 processes x 100 calls, limit 100\n")
        print(f"{'limiter':24}{'each process':>20}{'admitted':>10}{'too many':>10}")
        for kind, label in (("racy", "GET, decide, SET"), ("lua", "one Lua script")):
            jobs = [pool.submit(fleet_member, server.url, prefix, kind) for _ in range(4)]
            parts = [job.result(timeout=30.0) for job in jobs]
            print(f"{label:24}{'+'.join(map(str, parts)):>20}{sum(parts):10}", end="")
            print(f"{max(0, sum(parts) - 100):10}")
        with connect(server.url, socket_timeout=5.0) as client:
            client.delete(
                *(f"{prefix}{kind}{end}" for kind in ("racy", "lua") for end in ("", "-ready"))
            )
    print("\nwhy: between a GET and its SET the others read the same value and decide on it;")
    print("     the server runs a script with nothing in between.")


@example("graceful_shutdown")
def graceful_shutdown() -> None:
    """A server gets SIGTERM in the middle of its work: with a grace period and without one.

    Six requests take 0.1 to 6 s; SIGTERM comes after 0.35 s, the grace period is 0.6 s.
    """
    for graceful in (False, True):
        print("with GracefulShutdown(grace=0.6)" if graceful else "without a handler")
        receiver, sender = SPAWN.Pipe(duplex=False)
        child = SPAWN.Process(target=serve, args=(sender, graceful), daemon=True)
        child.start()
        sender.close()  # the child has the only other end: its death ends the reading
        answered = 0
        with receiver, suppress(EOFError):
            while True:
                line = receiver.recv()
                answered += line.endswith("answered")
                print(f"  {line}")
        child.join()
        print(f"  = {answered} of 6 answered, exit code {child.exitcode}\n")
    print("why: an orchestrator sends SIGTERM and kills some seconds later; a server that")
    print("     ignores it, or ends at once, loses what is in flight without a word.")


if __name__ == "__main__":
    main()
