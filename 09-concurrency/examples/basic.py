"""Three first looks: waiting against computing, a rate limiter, and an event loop that stands still.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from velvet.examples import example, main
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.contenders import serial, streams, threads
from velvet_concurrency.limiters import NaiveRateLimiter, RateLimiter, TokenBucketLimiter
from velvet_concurrency.pools import Mode, cpu_map, process_pool
from velvet_concurrency.runtime import calibrate, spin, usable_cores
from velvet_concurrency.samples.latency_server import LatencyServer
from velvet_concurrency.simulate import poisson, replay
from velvet_concurrency.structured import TaskGroup
from velvet_concurrency.trace import LoopLag


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that one call of `work` takes; requests that fail have no time."""
    began = time.perf_counter()
    results = work()
    spent = time.perf_counter() - began
    for result in results if isinstance(results, Iterable) else [results]:
        getattr(result, "all_good", lambda: None)()
    return spent


def started_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool whose workers run already, so that their start is not measured."""
    pool = process_pool(workers)
    list(pool.map(time.sleep, [0.1] * workers))
    return pool


@example("wait_vs_compute")
def wait_vs_compute() -> None:
    """One task that waits and one that computes, each under four models, and which model wins.

    Ten requests of 50 ms to a server on this machine, then four pieces of pure Python of 60 ms
    (the better of two rounds), then the same with a new pool. What differs by less than 15 % is a tie.
    """
    loops = round(60 * calibrate())  # loop turns of 60 ms on this machine
    models = ("serial", "threads", "asyncio", "processes")

    async def compute_in_tasks() -> None:
        async def compute() -> None:
            spin(loops)  # nothing in here waits, so no other task gets a turn

        async with TaskGroup() as group:
            for _ in range(4):
                group.create_task(compute())

    with LatencyServer(latency=0.05) as server, started_pool(2) as pool, ThreadPoolExecutor(4) as t:
        url = server.url
        waiting = (
            seconds(lambda: serial.fetch(url, 10)),
            seconds(lambda: threads.fetch(url, 10, workers=10)),
            seconds(lambda: streams.fetch(url, 10)),
            seconds(lambda: list(pool.map(serial.fetch, [url] * 2, [5] * 2))),
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
        winner = " = ".join(ahead) if len(ahead) < 3 else "none"
        print(f"{task:12}" + "".join(f"{value:9.3f} s" for value in row) + f"   {winner}")
    modes: tuple[Mode, ...] = ("serial", "threads", "processes")
    whole = [seconds(lambda m=m: cpu_map(spin, [loops] * 4, mode=m, workers=2)) for m in modes]
    print("start, too  " + "{:9.3f} s{:9.3f} s          -{:9.3f} s".format(*whole))
    print("\nwhy: waits overlap where many can be under way; a worker process has one.")
    print("     Computing overlaps only with an interpreter and a free core for each:")
    print("     threads and tasks share one GIL. A pool has to start first.")
    print(f"     {usable_cores()} cores here, if no neighbour is busy.")


@example("first_rate_limiter")
def first_rate_limiter() -> None:
    """The naive limiter and the token bucket on the same arrivals: what gets in, and what it costs.

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
    clock = FakeClock()
    patient = TokenBucketLimiter(5, 5, clock=clock)
    waits = [patient.reserve().delay for _ in range(7)]
    print(
        f"reserve() says how long to wait instead: {waits[4]:.1f}, {waits[5]:.1f}, {waits[6]:.1f} s"
    )

    makers: dict[str, Callable[[], RateLimiter]] = {
        "naive": lambda: NaiveRateLimiter(1_000, 3600.0),
        "bucket": lambda: TokenBucketLimiter(1_000 / 3600.0, 1_000),
    }
    print(f"\n{'limit 1,000/h':14}{'refusals a second':>18}{'bytes held':>12}")
    for name, make in makers.items():
        make().allow()  # the first of a kind fills caches of Python's, which are not its own
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
    pool, pool_of_threads = started_pool(1), ThreadPoolExecutor(1)

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
