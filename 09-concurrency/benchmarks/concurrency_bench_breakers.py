"""Circuit breakers: what a call costs, how many probes get through, who is made to wait.

The libraries count failures in a row and so does ours here, as far as that matters: what is
compared is what happens around the call. Breakers for coroutines are called from coroutines.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from concurrency_peers import BREAKERS, Call

from velvet.bench import Metric, Outcome, Suite, ratio, speedup, value

CALLS = 100
FAILURES = 5
PROBERS = 50
PAUSE = 0.2  # seconds open
BUSY = 0.1
CALLERS = 10

Make = Callable[[int, float], Callable[[Call], Any]]


def _ours(failures: int, open_for: float) -> Callable[[Call], Any]:
    from velvet_concurrency.breaker import CircuitBreaker

    return CircuitBreaker(0.5, failures, min_calls=failures, open_for=open_for).call


def _ours_async(failures: int, open_for: float) -> Callable[[Call], Any]:
    from velvet_concurrency.breaker import CircuitBreaker

    return CircuitBreaker(0.5, failures, min_calls=failures, open_for=open_for).acall


def _rows() -> Iterator[tuple[str, Make, bool, tuple[str, ...], str]]:
    yield "ours", _ours, False, (), ""
    yield "ours_async", _ours_async, True, (), ""
    for name, peer in BREAKERS.items():
        yield name, peer.make, peer.waits, (peer.needs,), peer.note


def _fine() -> int:
    return 1


async def _fine_async() -> int:
    return 1


def _broken() -> int:
    raise ConnectionError("down")


async def _broken_async() -> int:
    raise ConnectionError("down")


def _tried(guard: Callable[[Call], Any], fn: Call) -> int:
    """1 when the call went through, 0 when it failed or was refused."""
    try:
        return int(guard(fn))
    except Exception:  # noqa: BLE001 - every library refuses with an exception of its own
        return 0


async def _tried_async(guard: Callable[[Call], Any], fn: Call) -> int:
    try:
        return int(await guard(fn))
    except Exception:  # noqa: BLE001 - every library refuses with an exception of its own
        return 0


def _open(guard: Callable[[Call], Any]) -> None:
    for _ in range(FAILURES + 1):
        _tried(guard, _broken)


async def _open_async(guard: Callable[[Call], Any]) -> None:
    for _ in range(FAILURES + 1):
        await _tried_async(guard, _broken_async)


def _call(make: Make, waits: bool, state: str) -> Any:
    guard = make(FAILURES, 3600.0)
    if waits:
        if state == "open":
            asyncio.run(_open_async(guard))

        async def calls_async() -> int:
            return sum([await _tried_async(guard, _fine_async) for _ in range(CALLS)])

        return calls_async
    if state == "open":
        _open(guard)
    return lambda: sum(_tried(guard, _fine) for _ in range(CALLS))


def _add_calls(suite: Suite) -> None:
    calls = suite.comparison(
        "breakers",
        title="A call of a function that does nothing, through a breaker",
        unit="ns",
        items=CALLS,
        sizes={"state": ["closed", "open"]},
        quick=lambda state: state == "closed",
        rounds={"quick": 8, "default": 20, "full": 30},
    )
    for name, make, waits, needs, note in _rows():
        calls.add(
            name,
            lambda state, make=make, waits=waits: _call(make, waits, state),
            baseline=name == "ours",
            needs=needs,
            note=note,
        )
    calls.same_result()
    suite.claim(
        "a call through our closed breaker costs at most half of pybreaker's",
        ratio("breakers", "ours", "pybreaker", "time", state="closed") <= 0.5,
        needs=BREAKERS["pybreaker"].needs,
    )


def _probes(make: Make, waits: bool) -> Callable[[], dict[str, float]]:
    """Open the breaker, wait, and let fifty callers try at once while the backend still fails."""
    guard = make(FAILURES, PAUSE)
    reached: list[int] = []

    def backend() -> int:
        reached.append(1)
        time.sleep(2 * BUSY)
        return _broken()

    async def backend_async() -> int:
        reached.append(1)
        await asyncio.sleep(2 * BUSY)
        return await _broken_async()

    async def main() -> None:
        await _open_async(guard)
        await asyncio.sleep(PAUSE + 0.02)
        await asyncio.wait(
            [asyncio.ensure_future(_tried_async(guard, backend_async)) for _ in range(PROBERS)]
        )

    def run() -> dict[str, float]:
        if waits:
            asyncio.run(main())
            return {"probes": len(reached)}
        _open(guard)
        time.sleep(PAUSE + 0.02)
        start = threading.Barrier(PROBERS)

        def prober() -> None:
            start.wait(10)
            _tried(guard, backend)

        with ThreadPoolExecutor(PROBERS) as pool:
            for job in [pool.submit(prober) for _ in range(PROBERS)]:
                job.result()
        return {"probes": len(reached)}

    return run


def _add_probes(suite: Suite) -> None:
    probes = suite.comparison(
        "breakers_probes",
        title="Half-open, fifty callers at once: how many reach a backend that is still down",
        kind="value",
        unit="calls",
        metrics={"probes": Metric("calls")},
    )
    for name, make, waits, needs, note in _rows():
        probes.add(
            name, partial(_probes, make, waits), baseline=name == "ours", needs=needs, note=note
        )
    suite.claim(
        "a half-open breaker lets exactly one probe through",
        value("breakers_probes", "ours", "probes").equals(1)
        & value("breakers_probes", "ours_async", "probes").equals(1),
    )


def _together(make: Make, waits: bool) -> Callable[[], Outcome]:
    guard = make(FAILURES, 3600.0)

    def slow() -> int:
        time.sleep(BUSY)
        return 1

    async def slow_async() -> int:
        await asyncio.sleep(BUSY)
        return 1

    async def main() -> list[int]:
        return list(
            await asyncio.gather(*(_tried_async(guard, slow_async) for _ in range(CALLERS)))
        )

    def run() -> Outcome:
        began = time.perf_counter()
        if waits:
            done = asyncio.run(main())
        else:
            with ThreadPoolExecutor(CALLERS) as pool:
                done = list(pool.map(lambda _: _tried(guard, slow), range(CALLERS)))
        seconds = time.perf_counter() - began
        if done != [1] * CALLERS:
            raise ValueError(f"{sum(done)} of {CALLERS} calls went through")
        return Outcome(seconds=seconds)

    return run


def _add_together(suite: Suite) -> None:
    together = suite.comparison(
        "breakers_together",
        title="Ten callers of 100 ms each through one closed breaker",
        kind="run",
        unit="s",
        rounds={"quick": 1, "default": 3, "full": 7},
    )
    for name, make, waits, needs, note in _rows():
        together.add(
            name, partial(_together, make, waits), baseline=name == "ours", needs=needs, note=note
        )
    suite.claim(
        "callers of our breaker do not wait for each other, pybreaker's do",
        speedup("breakers_together", "ours", "pybreaker") >= 5,
        needs=BREAKERS["pybreaker"].needs,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of circuit breakers."""
    _add_calls(suite)
    _add_probes(suite)
    _add_together(suite)
