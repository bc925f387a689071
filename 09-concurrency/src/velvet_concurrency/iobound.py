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
from collections import Counter
from dataclasses import dataclass
from typing import Any

from velvet_concurrency.contenders._frame import BadReplyError, check, kind_of, run
from velvet_concurrency.runtime import load, quantile


def predict(n: int, limit: int, latency: float, cpu_per_request: float = 0.0) -> float:
    """Return the seconds that n requests should take: `ceil(n / limit) * latency` plus CPU time.

    Args:
        n: requests.
        limit: how many may be in flight, 0 for no limit.
        latency: seconds the server takes for one.
        cpu_per_request: seconds of the client's own work for one; it cannot overlap itself.

    Raises:
        ValueError: an argument is negative or not a number.

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


@dataclass(frozen=True)
class OpenLoopResult:
    """What a steady load met.

    Attributes:
        offered: requests a second that were due.
        achieved: good replies a second, until the last reply.
        latencies: seconds of each good reply from the moment it was due, late sending included.
        errors: failed requests by kind.
        seconds: from the first due time to the last reply.
        cpu_seconds: of this process meanwhile.
    """

    offered: float
    achieved: float
    latencies: list[float]
    errors: Counter[str]
    seconds: float
    cpu_seconds: float

    def quantile(self, q: float) -> float:
        """Return the latency that a share `q` of good replies did not exceed."""
        return quantile(self.latencies, q)


def open_loop(
    url: str,
    rate: float,
    seconds: float,
    *,
    limit: int = 0,
    uvloop: bool = False,
    timeout: float = 10.0,
) -> OpenLoopResult:
    """Offer `rate` requests a second for some seconds, each sent when it is due.

    Args:
        url: the address.
        rate: requests a second, more than 0.
        seconds: how long requests fall due; the last replies come later, by `timeout` at most.
        limit: connections, 0 for no limit.
        uvloop: run on uvloop instead of the standard loop.
        timeout: seconds for one request.

    Raises:
        ValueError: `rate` or `seconds` is not positive and finite.
        Unavailable: aiohttp, or the loop asked for, is not installed.
    """
    check(0, timeout=timeout, deadline=None, limit=limit)
    for name, value in (("rate", rate), ("seconds", seconds)):
        if not 0.0 < value < math.inf:
            raise ValueError(f"{name} must be finite and > 0, got {value!r}")
    aiohttp: Any = load("aiohttp")

    async def main() -> OpenLoopResult:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limit),
            timeout=aiohttp.ClientTimeout(total=timeout),
        ) as session:
            return await _send_when_due(session, url, rate, max(1, round(rate * seconds)))

    return run(main(), uvloop=uvloop)


async def _send_when_due(session: Any, url: str, rate: float, total: int) -> OpenLoopResult:
    latencies: list[float] = []
    errors: Counter[str] = Counter()
    aiohttp: Any = load("aiohttp")
    failures = (aiohttp.ClientError, asyncio.TimeoutError, OSError, BadReplyError)
    clock = time.perf_counter
    cpu, start = time.process_time(), clock()

    async def one(due: float) -> None:
        try:
            async with session.get(url) as reply:
                await reply.read()
                if reply.status != 200:
                    raise BadReplyError(f"HTTP {reply.status}")
        except failures as error:
            errors[kind_of(error)] += 1
        else:
            latencies.append(clock() - due)

    tasks: list[asyncio.Task[None]] = []
    while len(tasks) < total:
        # Everything that is due goes out, so a coarse timer (15.6 ms on Windows) only makes ticks.
        while len(tasks) < total and (due := start + len(tasks) / rate) <= clock():
            tasks.append(asyncio.ensure_future(one(due)))
        await asyncio.sleep(max(0.0, start + len(tasks) / rate - clock()))
    await asyncio.wait(tasks)
    seconds, used = clock() - start, time.process_time() - cpu
    return OpenLoopResult(rate, len(latencies) / seconds, latencies, errors, seconds, used)
