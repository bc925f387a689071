"""Many connections, a steady load, and what looking on costs.

Connections are held by a server process of its own and counted there. The steady load is open
loop: latency counts from the moment a request was due. The tracer is measured against the same
work without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, mode, ratio, value
from velvet_concurrency.comparisons import IDLE, LATENCY, UVLOOP, served
from velvet_concurrency.runtime import quantile

STEPS = 20
C10K = {"server_cpu": "s", "bytes_per_connection": "B", "connect": "s", "p50": "ms", "p99": "ms"}
SECONDS = {"quick": 1.5, "default": 3.0, "full": 5.0}


def _hold(variant: Any, connections: int) -> Callable[[], Outcome]:
    from velvet_concurrency.connections import hold_connections

    def run() -> Outcome:
        found = hold_connections(connections, variant, deadline=120.0)
        return Outcome(
            {
                "server_cpu": found.cpu_seconds,
                "bytes_per_connection": found.bytes_per_connection,
                "connect": found.connect_seconds,
                "p50": found.p50 * 1e3,
                "p99": found.p99 * 1e3,
                "virtual": found.virtual_mb,
                "held": found.held,
                "errors": sum(found.errors.values()),
            }
        )

    return run


def _add_connections(suite: Suite) -> None:
    c10k = suite.comparison(
        "c10k",
        title="Connections held open, then all speak at once; main figure: CPU of the server",
        kind="run",
        unit="CPU s",
        metrics={**C10K, "virtual": "MB", "held": Metric("", "higher"), "errors": ""},
        sizes={"connections": [1000, 4000, 10_000]},
        quick=lambda connections: connections == 1000,
        rounds={"quick": 1, "default": 3, "full": 5},  # threads that wake together vary
        limit=180.0,
    )
    for variant in ("threads", "streams", "protocol"):
        c10k.add(variant, partial(_hold, variant), baseline=variant == "threads")
    suite.claim(
        "a connection of asyncio streams weighs at most half of a thread's",
        ratio("c10k", "streams", "threads", "bytes_per_connection") <= 0.5,
        needs="linux",
    )
    suite.claim(
        "at 10,000 connections asyncio streams need at most two thirds of the threads' CPU",
        ratio("c10k", "streams", "threads", "server_cpu", connections=10_000) <= 2 / 3,
        needs="linux",
        tier="default",
    )
    suite.claim(
        "no connection is lost",
        (value("c10k", "streams", "errors") <= 0) & (value("c10k", "protocol", "errors") <= 0),
    )


def _steady(url: str, *, rate: int, uvloop: bool) -> Outcome:
    from velvet_concurrency.iobound import open_loop

    open_loop(url, 100, 0.2, uvloop=uvloop)
    cpu = time.process_time()
    found = open_loop(url, rate, SECONDS[mode()], uvloop=uvloop).all_good()
    cpu = time.process_time() - cpu
    good = len(found.latencies)
    # The last reply comes one latency after the last request, so that time is not the load's.
    achieved = good / (found.seconds - LATENCY)
    return Outcome(
        {
            "cpu_per_request": cpu / good * 1e3,
            "achieved": achieved,
            "achieved_share": achieved / rate,
            **{name: quantile(found.latencies, q) * 1e3 for name, q in QUANTILES.items()},
        }
    )


QUANTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}


def _add_sustained(suite: Suite) -> None:
    steady = suite.comparison(
        "sustained_1000rps",
        title="Requests sent when they are due, 100 ms each; main figure: CPU per request",
        kind="run",
        unit="ms CPU",
        metrics={
            "cpu_per_request": "ms",
            "achieved": "req/s",
            "achieved_share": Metric("", "higher"),
            **dict.fromkeys(QUANTILES, "ms"),
        },
        sizes={"rate": [500, 1000, 1500]},
        quick=lambda rate: rate == 1000,
        rounds={"quick": 1, "default": 1, "full": 5},
    )

    def setup(*imports: str, rate: int) -> Any:
        return served(partial(_steady, rate=rate, uvloop="uvloop" in imports), *imports)

    steady.add("aiohttp", lambda rate: setup("aiohttp", rate=rate), baseline=True)
    steady.add("aiohttp_uvloop", lambda rate: setup("aiohttp", "uvloop", rate=rate), needs=UVLOOP)
    suite.claim(
        "one process keeps up with 1,000 requests a second",
        value("sustained_1000rps", "aiohttp", "achieved_share", rate=1000) >= 0.95,
        needs=IDLE,
    )
    suite.claim(
        "a request costs at most a millisecond of CPU",
        value("sustained_1000rps", "aiohttp", "cpu_per_request", rate=1000) <= 1.0,
    )


async def _steps() -> None:
    for _ in range(STEPS):
        await asyncio.sleep(0)


def _traced_steps(traced: bool, tasks: int) -> Callable[[], Any]:
    from velvet_concurrency.trace import Tracer

    tracer = Tracer()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        with tracer.installed() if traced else contextlib.nullcontext():
            await asyncio.wait([loop.create_task(_steps()) for _ in range(tasks)])

    return run


def _traced_requests(url: str, *, traced: bool) -> Outcome:
    from velvet_concurrency.contenders._frame import FetchResult, batch
    from velvet_concurrency.contenders.aiohttp import session
    from velvet_concurrency.trace import Tracer

    tracer = Tracer()

    async def main() -> FetchResult:
        async with session(url, limit=100, timeout=60.0) as (get, failures):
            with tracer.installed() if traced else contextlib.nullcontext():
                return await batch(get, 1000, deadline=None, failures=failures)

    result = asyncio.run(main()).all_good()
    if traced and not tracer.spans():
        raise ValueError("a traced run left no span")
    return Outcome({"spans": len(tracer.spans())}, seconds=result.seconds)


def _add_tracer(suite: Suite) -> None:
    cost = suite.comparison(
        "tracer_cost",
        title="A step of a task, with the tracer and without",
        unit="us",
        sizes={"tasks": [200, 2000]},
        items=lambda tasks: tasks * STEPS,
        quick=lambda tasks: tasks == 200,
        rounds={"quick": 10, "default": 10, "full": 30},
    )
    requests = suite.comparison(
        "tracer_cost_io",
        title="1,000 requests of 100 ms over 100 connections, with the tracer and without",
        kind="run",
        unit="s",
        metrics={"spans": ""},
        rounds={"quick": 1, "default": 5, "full": 9},
    )
    for name in ("off", "on"):
        on, baseline = name == "on", name == "off"
        cost.add(name, partial(_traced_steps, on), baseline=baseline)
        work = partial(_traced_requests, traced=on)
        requests.add(name, partial(served, work, "aiohttp"), baseline=baseline)
    suite.claim(
        "tracing adds at most 10 us to a step",
        value("tracer_cost", "on") - value("tracer_cost", "off") <= 10,
    )
    suite.claim(
        "tracing a run that mostly waits costs at most 15 %",
        ratio("tracer_cost_io", "on", "off", "time") <= 1.15,
        needs=IDLE,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of connections, steady load and tracing."""
    _add_connections(suite)
    _add_sustained(suite)
    _add_tracer(suite)
