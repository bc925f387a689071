"""Three first looks: waiting against computing, a rate limiter, and an event loop that stands still.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from velvet.examples import example, main
from velvet_concurrency.iobound import LatencyServer, serial, streams, threads
from velvet_concurrency.limiters import NaiveRateLimiter, RateLimiter, TokenBucketLimiter
from velvet_concurrency.runtime import usable_cores
from velvet_concurrency.simulate import poisson, replay
from velvet_concurrency.structured import TaskGroup
from velvet_concurrency.trace import LoopLag
from velvet_concurrency.workload import calibrate
from velvet_concurrency.workload.jobs import spin


def seconds(work: Callable[[], object]) -> float:
    """Give the seconds that one call of `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def process_pool(workers: int) -> ProcessPoolExecutor:
    """Give a pool whose workers run already, so that their start is on nobody's clock."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
    list(pool.map(time.sleep, [0.1] * workers))
    return pool


@example("wait_vs_compute")
def wait_vs_compute() -> None:
    """One task that waits and one that computes, each under four models, and who wins which.

    Ten requests of 50 ms to a server on this machine, then four pieces of pure Python of 60 ms
    (the better of two rounds). What differs by less than 15 % is a tie.
    """
    loops = round(60 * calibrate())  # loop turns of 60 ms on this machine
    models = ("serial", "threads", "asyncio", "processes")

    async def compute_in_tasks() -> None:
        async def compute() -> None:
            spin(loops)  # nothing in here waits, so nobody else gets a turn

        async with TaskGroup() as group:
            for _ in range(4):
                group.create_task(compute())

    began = time.perf_counter()
    with LatencyServer(latency=0.05) as server, process_pool(2) as pool, ThreadPoolExecutor(4) as t:
        print(f"server and 2 worker processes started in {time.perf_counter() - began:.2f} s\n")
        url = server.url
        waiting = (
            seconds(lambda: serial(url, 10)),
            seconds(lambda: threads(url, 10, workers=10)),
            seconds(lambda: streams(url, 10)),
            seconds(lambda: list(pool.map(serial, [url] * 2, [5] * 2))),
        )
        rounds = [
            (
                seconds(lambda: [spin(loops) for _ in range(4)]),
                seconds(lambda: list(t.map(spin, [loops] * 4))),
                seconds(lambda: asyncio.run(compute_in_tasks())),
                seconds(lambda: list(pool.map(spin, [loops] * 4))),
            )
            for _ in range(2)
        ]

    print(f"{'':12}" + "".join(f"{model:>11}" for model in models) + "   winner")
    computing = tuple(min(pair) for pair in zip(*rounds, strict=True))
    for task, row in (("wait 10x50", waiting), ("compute 4x60", computing)):
        ahead = [name for name, value in zip(models, row, strict=True) if value < 1.15 * min(row)]
        winner = " = ".join(ahead) if len(ahead) < 3 else "nobody"
        print(f"{task:12}" + "".join(f"{value:9.3f} s" for value in row) + f"   {winner}")
    print("\nwhy: waits overlap where many can be under way; a worker process has one.")
    print("     Computing overlaps only with an interpreter and a free core for each:")
    print(
        f"     threads and tasks share one GIL. {usable_cores()} cores here, if nobody else is busy."
    )


@example("first_rate_limiter")
def first_rate_limiter() -> None:
    """The naive limiter and the token bucket on the same arrivals: who gets in, and what it costs.

    The limit is 5 a second for 4 s of virtual time; the costs are those of a limit of 1,000.
    """
    arrivals = poisson(rate=15, seconds=4, seed=1)
    strips = {
        "naive": replay(lambda clock: NaiveRateLimiter(5, 1.0, clock=clock), arrivals, 1.0),
        "bucket": replay(lambda clock: TokenBucketLimiter(5, 5, clock=clock), arrivals, 1.0),
    }
    second = "".join(str(int(arrival)) for arrival in arrivals)
    print(f"limit 5/s, {len(arrivals)} arrivals: '#' is admitted, '.' is refused\n")
    print(f"{'second':8} {second}")
    for name, seen in strips.items():
        marks = "".join("#" if mark else "." for mark in seen.marks)
        print(f"{name:8} {marks}")
    print()
    for name, seen in strips.items():
        print(f"{name:8} admitted {seen.admitted}, in its worst second {seen.worst}")
    print("\nwhy: burst and drip can meet: 5 at once and almost 5 more within the second")

    makers: dict[str, Callable[[], RateLimiter]] = {
        "naive": lambda: NaiveRateLimiter(1_000, 3600.0),
        "bucket": lambda: TokenBucketLimiter(1_000 / 3600.0, 1_000),
    }
    print(f"\n{'limit 1,000/h':14}{'refusals a second':>18}{'bytes held':>12}")
    for name, make in makers.items():
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        limiter = make()
        for _ in range(1_000):
            limiter.allow()
        held = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        calls, began = 0, time.perf_counter()
        while (spent := time.perf_counter() - began) < 0.25:
            limiter.allow()
            calls += 1
        print(f"{name:14}{calls / spent:18,.0f}{held:12,}")
    print("\nwhy: to say no, the naive one rebuilds the list of its last 1,000 calls")


@example("dont_block_the_loop")
def dont_block_the_loop() -> None:
    """How late an event loop wakes while something takes half a second: inline and elsewhere.

    The lag is how much later than asked the loop calls back; 0.01 s are asked for.
    """
    loops = round(500 * calibrate())
    pool, pool_of_threads = process_pool(1), ThreadPoolExecutor(1)

    async def blocking() -> None:
        time.sleep(0.5)  # noqa: ASYNC251 - this is the mistake that is shown

    async def elsewhere(executor: object, work: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(executor, work)  # type: ignore[arg-type]

    async def watched(work: Callable[[], Awaitable[None]]) -> LoopLag:
        async with LoopLag(0.01) as lag:
            await asyncio.sleep(0.1)
            await work()
            await asyncio.sleep(0.02)  # the late call back happens in here
        return lag

    nap, count = functools.partial(time.sleep, 0.5), functools.partial(spin, loops)
    cases: dict[str, Callable[[], Awaitable[None]]] = {
        "sleep, inline": blocking,
        "sleep, in a thread": lambda: elsewhere(pool_of_threads, nap),
        "sleep, in a process": lambda: elsewhere(pool, nap),
        "compute, in a thread": lambda: elsewhere(pool_of_threads, count),
    }
    print(f"{'half a second of':24}{'worst lag':>12}{'median lag':>12}")
    with pool, pool_of_threads:
        for name, work in cases.items():
            lag = asyncio.run(watched(work))
            print(f"{name:24}{lag.worst * 1e3:9.1f} ms{lag.quantile(0.5) * 1e3:9.1f} ms")
    print("\nwhy: a blocked loop runs nothing: all its clients wait for the one that blocks.")
    print("     A computing thread gives up the GIL only after another has asked for")
    print(
        f"     {sys.getswitchinterval() * 1e3:.0f} ms (sys.getswitchinterval), so each wake-up pays that:"
    )
    print("     send waits to a thread and computing to a process.")


if __name__ == "__main__":
    main()
