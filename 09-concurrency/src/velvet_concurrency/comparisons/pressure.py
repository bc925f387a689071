"""Overload, tails and waiting in turn: queue policies and hedges in virtual time, waiters in real.

The overload and the hedging are simulated with the real classes on a virtual clock, so their
figures are exact for their seeds and say nothing about the machine. Waiters for a limiter are
measured on the real event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, ratio, value
from velvet_concurrency.contenders.limiter_libraries import Aiolimiter, Pyrate
from velvet_concurrency.simulate import POLICIES, hedging, overload

RATE, BURST = 2000.0, 100
HEDGES = ("plain", "hedged", "hedged+budget")


def _overload(policy: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        found = overload(policy)
        if found.answered + found.refused + found.dropped != found.arrivals:
            raise ValueError(f"{policy}: requests were lost without being counted")
        return {
            "goodput": found.goodput,
            "ceiling": found.ceiling,
            "p50": found.p50 * 1e3,
            "p99": found.p99 * 1e3,
            "max_queue": found.max_queue,
        }

    return run


def _add_overload(suite: Suite) -> None:
    lab = suite.comparison(
        "overload",
        title="200 requests/s into 100/s for 20 s, then recovery; answered within 1 s, virtual time",
        kind="value",
        unit="%",
        metrics={
            "goodput": Metric("%", "higher"),
            "ceiling": Metric("%", "higher"),
            "p50": "ms",
            "p99": "ms",
            "max_queue": "requests",
        },
    )
    for policy in POLICIES:
        lab.add(policy, partial(_overload, policy), baseline=policy == "unbounded")
    for policy in ("bounded20", "codel"):
        suite.claim(
            f"{policy} answers ten times as many in time as an unbounded queue",
            ratio("overload", policy, "unbounded", "goodput") >= 10,
        )
    suite.claim(
        "CoDel halves the median latency of a short bounded queue",
        ratio("overload", "codel", "bounded20", "p50") <= 0.5,
    )


def _hedging(which: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        found = hedging(20_000)[which]
        figures = {"p50": found.p50, "p99": found.p99, "p999": found.p999}
        milliseconds = {name: seconds * 1e3 for name, seconds in figures.items()}
        return {**milliseconds, "extra_load": found.extra_load * 100}

    return run


def _add_hedging(suite: Suite) -> None:
    hedges = suite.comparison(
        "hedging",
        title="20,000 calls, 2 % slow (500 to 1,000 ms), hedged after p95; virtual time",
        kind="value",
        unit="ms",
        metrics={"p99": "ms", "p50": "ms", "p999": "ms", "extra_load": "%"},
    )
    for name in HEDGES:
        hedges.add(name, partial(_hedging, name), baseline=name == "plain")
    suite.claim(
        "a hedge cuts the 99th percentile to a fifth for at most 7 % more load",
        (ratio("hedging", "plain", "hedged", "p99") >= 5)
        & (value("hedging", "hedged", "extra_load") <= 7),
    )


def _wait_in_turn(make: Callable[[], Callable[[], Awaitable[Any]]], waiters: int) -> Any:
    make()  # imports what it needs

    async def run() -> Outcome:
        acquire = make()
        clock = time.perf_counter
        granted: list[float] = []
        began, cpu = clock(), time.process_time()

        async def waiter() -> None:
            await acquire()
            granted.append(clock() - began)

        await asyncio.gather(*(asyncio.ensure_future(waiter()) for _ in range(waiters)))
        finish, cpu = clock() - began, time.process_time() - cpu
        due = [max(0.0, (number + 1 - BURST) / RATE) for number in range(waiters)]
        late = sorted(at - wanted for at, wanted in zip(sorted(granted), due, strict=True))
        if late[0] < -0.002 - BURST / RATE:
            raise ValueError(f"a caller was let through {-late[0]:.3f} s early")
        return Outcome(
            {
                "cpu_us": cpu / waiters * 1e6,
                "finish_ratio": finish / due[-1],
                "late_p99_ms": late[int(0.99 * (waiters - 1))] * 1e3,
            }
        )

    return run


def _add_waiters(suite: Suite) -> None:
    waiting = suite.comparison(
        "async_limiter_waiters",
        title="Coroutines waiting for 2,000 tokens/s, bursts of 100; ideal (n - 100) / 2,000 s",
        kind="run",
        unit="s",
        sizes={"waiters": [500, 2000, 5000]},
        quick=lambda waiters: waiters == 2000,
        metrics={"cpu_us": "us", "finish_ratio": "", "late_p99_ms": "ms"},
        rounds={"quick": 1, "default": 1, "full": 9},
    )

    def ours() -> Callable[[], Awaitable[Any]]:
        from velvet_concurrency.limiters import AsyncLimiter

        return AsyncLimiter(RATE, BURST).acquire

    waiting.add("async_limiter", partial(_wait_in_turn, ours), baseline=True)
    for name, peer in (("aiolimiter", Aiolimiter), ("pyrate", Pyrate)):
        theirs = partial(peer.waiter, RATE, BURST)
        waiting.add(name, partial(_wait_in_turn, theirs), needs=peer.NEEDS)
    suite.claim(
        "waiting for our limiter costs no more CPU than for aiolimiter's",
        ratio("async_limiter_waiters", "async_limiter", "aiolimiter", "cpu_us") <= 1.2,
        needs=Aiolimiter.NEEDS,
    )
    suite.claim(
        "the last that waits is served within 10 % of the ideal moment",
        value("async_limiter_waiters", "async_limiter", "finish_ratio") <= 1.1,
        needs="calm",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of overload, hedging and waiting."""
    _add_overload(suite)
    _add_hedging(suite)
    _add_waiters(suite)
