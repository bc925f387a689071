"""Under load: the storm that never ends, the tail, ten thousand addresses, and a pool that drains."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import anyio
import psutil

from velvet.examples import example, main
from velvet_http.client import Settings
from velvet_http.contenders import connect_async
from velvet_http.errors import HttpError
from velvet_http.fanout import fetch_all
from velvet_http.faults import FaultServer, fault
from velvet_http.faults.routes import after, respond
from velvet_http.guard import HedgePolicy
from velvet_http.model import Request, Timeouts
from velvet_http.policy import Backoff, NoBudget, RatioBudget, RetryPolicy
from velvet_http.resilient import AsyncResilientClient
from velvet_http.simulate import Scenario, simulate


@example("retry_storm")
def retry_storm() -> None:
    """A service at 80 % load is down for 10 seconds; five policies, three of which keep it down.

    Virtual time, 90 seconds; each bar is five seconds of answered calls.
    """
    policies = {
        "no retry": RetryPolicy(attempts=1, budget=NoBudget()),
        "immediate": RetryPolicy(backoff=Backoff(base=0, cap=0), budget=NoBudget()),
        "exponential": RetryPolicy(backoff=Backoff(jitter="none"), budget=NoBudget()),
        "full jitter": RetryPolicy(budget=NoBudget()),
        "jitter + 10 %": RetryPolicy(budget=RatioBudget(0.1)),
    }
    print(f"{'':15}{'answered':21}requests/call   back after")
    for name, policy in policies.items():
        result = simulate(Scenario(policy))
        fives = [sum(result.goodput[s] for s in range(t, t + 5)) for t in range(0, 90, 5)]
        curve = "".join(" ▁▂▃▄▅▆▇█"[min(8, round(8 * each / 400))] for each in fives)
        back = result.recovered_after
        said = "never" if back is None else f"{back:.0f} s"
        print(f"{name:15}|{curve}|  {result.amplification:8.2f}   {said}")
    print("\nwhy: the queue is longer than the callers' patience: each answer is too late")
    print("     and asked for again; jitter spreads requests, a budget makes them fewer")


@example("hedge_the_tail")
async def hedge_the_tail() -> None:
    """A service that answers in 10 ms, but in three of a hundred cases in 200 ms.

    The second request leaves when the first is slower than 95 % were; the loser is cancelled.
    """
    print(f"{'':14} {'p50':>8} {'p99':>8}   extra requests")
    for name, hedge in {"no hedge": None, "hedge at p95": HedgePolicy(0.95)}.items():
        rng, quick, slow = random.Random(7), *(after(s, respond(200)) for s in (0.01, 0.2))
        with FaultServer() as server:
            mixed = [slow if rng.random() < 0.03 else quick for _ in range(800)]
            url = server.script("/bimodal", mixed)
            async with connect_async("aiohttp", Settings(pool=30)) as plain:
                client = AsyncResilientClient(plain, RetryPolicy(attempts=1), hedge=hedge)
                times: list[float] = []

                async def call(url: str) -> None:
                    for _ in range(80):
                        began = time.monotonic()
                        await client.request(Request("GET", url))  # noqa: B023 - awaited below
                        times.append((time.monotonic() - began) * 1000)  # noqa: B023

                async with anyio.create_task_group() as group:
                    for _ in range(8):
                        group.start_soon(call, url)
            extra = server.counters.requests - len(times)
            share = extra / len(times)
            whole = server.settle()
        times.sort()
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        print(
            f"{name:14} {p50:5.0f} ms {p99:5.0f} ms   {share:.1%}, sockets left: {0 if whole else 1}"
        )
    print("\nwhy: two slow answers in a row are rare; hedge idempotent calls only")


@example("ten_thousand_urls")
async def ten_thousand_urls() -> None:
    """10,000 addresses at 500 a second, two in a hundred broken, and a stop after three seconds.

    Failures are results, memory does not grow with the list, and nothing stays open.
    """
    with FaultServer() as server:
        broken = server.script("/broken", [fault("truncated length")])
        good = server.url("/json?size=200")
        urls = (broken if n % 50 == 0 else good for n in range(10_000))
        kinds_seen: Counter[str] = Counter()
        seconds: Counter[int] = Counter()
        before, began = psutil.Process().memory_info().rss, time.monotonic()
        async with (
            connect_async("aiohttp", Settings(pool=20)) as client,
            fetch_all(client, urls, concurrency=20, rate=500) as results,
        ):
            async for result in results:
                kinds_seen[type(result.error).__name__ if result.error else "fine"] += 1
                seconds[int(time.monotonic() - began)] += 1
                if time.monotonic() - began > 3:
                    break
        grown = (psutil.Process().memory_info().rss - before) / 2**20
        for second, count in sorted(seconds.items())[:3]:
            print(f"second {second}: {count:4} {'#' * (count // 12)}")
        print(f"results: {dict(kinds_seen)}")
        print(f"most sockets at a time: {server.counters.max_open}, memory: {grown:+.0f} MiB")
        print(f"leaked connections: {0 if server.settle() else server.counters.open}")
    print("\nwhy: addresses are read when a worker is free; a slow reader stops them")


@example("pool_that_never_comes_back")
async def pool_that_never_comes_back() -> None:
    """A pool of five; five times a waiting call is cancelled just as it gets its connection.

    Then five calls are made, and the question is whether the pool has connections to give.
    """
    for name in ("httpx", "httpx2", "aiohttp"):
        with FaultServer() as server:
            busy, quick = server.url("/fault/stall"), Request("GET", server.url("/json"))
            async with connect_async(name, Settings(pool=5)) as client:
                held = [client.stream(Request("GET", busy)) for _ in range(5)]
                for stream in held:
                    await stream.__aenter__()
                for stream in held:
                    waiting = asyncio.create_task(client.request(quick))
                    for _ in range(100):  # it comes as far as the full pool, where it waits
                        await asyncio.sleep(0)
                    await stream.__aexit__(None, None, None)  # its connection is free now
                    waiting.cancel()
                    await asyncio.gather(waiting, return_exceptions=True)
                good, note = 0, ""
                for _ in range(5):
                    try:
                        await client.request(quick, timeouts=Timeouts(pool=0.2))
                        good += 1
                    except HttpError as error:
                        note = f" ({type(error).__name__})"
            print(f"{name:8} {good}/5 calls succeed after five were cancelled{note}")
    print("\nwhy: httpx keeps the connection that it had ready for a call that never came")


if __name__ == "__main__":
    main()
