"""Waiting for many replies: an honest load, and what to expect of it.

The fetchers differ in their concurrency model only and live one a file in `contenders/`.
`open_loop` sends requests when they are due instead of when the last one came back: a closed loop
stops asking while the server is slow and so hides its worst moments (coordinated omission).
`predict` is the model to hold the measurements against: waves of waiting plus the CPU's part.
"""

from __future__ import annotations

import asyncio
import math
import time

from velvet_concurrency.contenders._frame import Failures, FetchResult, Get, check, run
from velvet_concurrency.contenders.aiohttp import session


def predict(n: int, limit: int, latency: float, cpu_per_request: float = 0.0) -> float:
    """Return the seconds that n requests should take: `ceil(n / limit) * latency` plus CPU time.

    `limit` is how many may be in flight, 0 for no limit; `cpu_per_request` is the client's own work for
    one, which cannot overlap itself. Raises `ValueError` for what is negative or not a number.

    >>> predict(1000, 100, 0.1)  # the default limit of aiohttp: ten waves
    1.0
    """
    if not (n >= 0 and limit >= 0 and latency >= 0 and cpu_per_request >= 0):
        raise ValueError(
            "n, limit, latency and cpu_per_request must be >= 0, "
            f"got {n!r}, {limit!r}, {latency!r}, {cpu_per_request!r}"
        )
    waves = math.ceil(n / limit) if limit else min(n, 1)
    return waves * latency + n * cpu_per_request


def open_loop(
    url: str, rate: float, seconds: float, *, uvloop: bool = False, timeout: float = 10.0
) -> FetchResult:
    """Offer `rate` requests a second for some seconds, each sent when it is due.

    Latencies count from the moment a request was due, late sending included; `seconds` of the result are
    from the first due time to the last reply, which comes up to `timeout` later. Raises `ValueError`
    unless `rate` and `seconds` are positive and finite, `Unavailable` without aiohttp or the loop.
    """
    check(0, timeout=timeout, deadline=None)
    for name, value in (("rate", rate), ("seconds", seconds)):
        if not 0.0 < value < math.inf:
            raise ValueError(f"{name} must be finite and > 0, got {value!r}")

    async def main() -> FetchResult:
        async with session(url, limit=0, timeout=timeout) as (get, failures):
            return await _send_when_due(get, failures, rate, max(1, round(rate * seconds)))

    return run(main(), uvloop=uvloop)


async def _send_when_due(get: Get, failures: Failures, rate: float, total: int) -> FetchResult:
    result, clock = FetchResult(), time.perf_counter
    start = clock()
    tasks: list[asyncio.Task[None]] = []
    while len(tasks) < total:
        # Everything that is due goes out, so a coarse timer (15.6 ms on Windows) only makes ticks.
        while len(tasks) < total and (due := start + len(tasks) / rate) <= clock():
            tasks.append(asyncio.ensure_future(result.count(get, failures, due)))
        await asyncio.sleep(max(0.0, start + len(tasks) / rate - clock()))
    await asyncio.wait(tasks)
    result.seconds = clock() - start
    return result
