"""Circuit breakers: what a call costs, how many probes get through, which callers have to wait.

The libraries count failures in a row and so does ours here, as far as that matters: what is
compared is what happens around the call. Breakers for coroutines are called from coroutines.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from velvet.bench import Outcome, Suite, ratio, speedup, value
from velvet_concurrency.contenders.breaker_libraries import BREAKERS, Breaker, Guard

CALLS = 100
FAILURES = 5
PROBERS = 50
PAUSE = 0.2  # seconds open
BUSY = 0.1
CALLERS = 10
HOUR = 3600.0
Call = Callable[[], Any]


def _ours(form: str, failures: int, open_for: float) -> Guard:
    from velvet_concurrency.breaker import CircuitBreaker

    breaker = CircuitBreaker(0.5, failures, min_calls=failures, open_for=open_for)
    guard: Guard = getattr(breaker, form)
    return guard


ROWS = {
    "ours": Breaker("", partial(_ours, "call")),
    "ours_async": Breaker("", partial(_ours, "acall"), waits=True),
    **BREAKERS,
}


def _add(comparison: Any, setup: Callable[..., Any]) -> None:
    for name, row in ROWS.items():
        needs, baseline = (row.needs,) if row.needs else (), name == "ours"
        comparison.add(name, partial(setup, row), baseline=baseline, needs=needs, note=row.note)


def _all(guard: Guard, calls: Iterable[Call], *, waits: bool, at_once: bool = False) -> list[int]:
    """Make calls through a guard, in turn or at once; 1 for each that went through, else 0."""

    def tried(call: Call) -> int:
        try:
            return int(guard(call))
        except Exception:  # noqa: BLE001 - every library refuses with an exception of its own
            return 0

    async def tried_async(call: Call) -> int:
        try:
            return int(await guard(call))
        except Exception:  # noqa: BLE001 - every library refuses with an exception of its own
            return 0

    async def main() -> list[int]:
        if not at_once:
            return [await tried_async(call) for call in calls]
        return list(await asyncio.gather(*map(tried_async, calls)))

    if waits:
        return asyncio.run(main())
    if not at_once:
        return [tried(call) for call in calls]
    every = list(calls)
    start = threading.Barrier(len(every))
    with ThreadPoolExecutor(len(every)) as pool:
        return list(pool.map(lambda call: (start.wait(10), tried(call))[1], every))


def _backend(waits: bool, seconds: float, *, broken: bool, reached: list[int]) -> Call:
    """Return a call that takes some time and then answers 1 or fails; `reached` counts its starts."""

    def answer() -> int:
        if broken:
            raise ConnectionError("down")
        return 1

    def call() -> int:
        reached.append(1)
        time.sleep(seconds)
        return answer()

    async def call_async() -> int:
        reached.append(1)
        await asyncio.sleep(seconds)
        return answer()

    return call_async if waits else call


def _opened(row: Breaker, pause: float) -> Guard:
    guard = row.make(FAILURES, pause)
    failing = _backend(row.waits, 0, broken=True, reached=[])
    _all(guard, [failing] * (FAILURES + 1), waits=row.waits)
    return guard


def _calls(row: Breaker, state: str) -> Any:
    guard = row.make(FAILURES, HOUR) if state == "closed" else _opened(row, HOUR)

    def fine() -> int:
        return 1

    async def fine_async() -> int:
        return 1

    def calls() -> int:
        passed = 0
        for _ in range(CALLS):
            try:
                passed += guard(fine)
            except Exception:  # noqa: BLE001, S112 - a refusal, of any library
                continue
        return passed

    async def calls_async() -> int:
        passed = 0
        for _ in range(CALLS):
            try:
                passed += await guard(fine_async)
            except Exception:  # noqa: BLE001, S112 - a refusal, of any library
                continue
        return passed

    return calls_async if row.waits else calls


def _probes(row: Breaker) -> Callable[[], dict[str, float]]:
    """Open the breaker, wait, and let fifty callers try at once while the backend still fails."""

    def run() -> dict[str, float]:
        guard, reached = _opened(row, PAUSE), list[int]()
        time.sleep(PAUSE + 0.02)
        slow = _backend(row.waits, 2 * BUSY, broken=True, reached=reached)
        _all(guard, [slow] * PROBERS, waits=row.waits, at_once=True)
        return {"probes": len(reached)}

    return run


def _together(row: Breaker) -> Callable[[], Outcome]:
    guard = row.make(FAILURES, HOUR)
    slow = _backend(row.waits, BUSY, broken=False, reached=[])

    def run() -> Outcome:
        began = time.perf_counter()
        done = _all(guard, [slow] * CALLERS, waits=row.waits, at_once=True)
        seconds = time.perf_counter() - began
        if done != [1] * CALLERS:
            raise ValueError(f"{sum(done)} of {CALLERS} calls went through")
        return Outcome(seconds=seconds)

    return run


def add_to(suite: Suite) -> None:
    """Add the comparisons of circuit breakers."""
    calls = suite.comparison(
        "breakers",
        title="A call of a function that does nothing, through a breaker",
        unit="ns",
        items=CALLS,
        sizes={"state": ["closed", "open"]},
        quick=lambda state: state == "closed",
        rounds={"quick": 8, "default": 20, "full": 30},
    )
    _add(calls, _calls)
    calls.same_result()
    probes = suite.comparison(
        "breakers_probes",
        title="Half-open, fifty callers at once: how many reach a backend that is still down",
        kind="value",
        unit="calls",
        metrics={"probes": "calls"},
    )
    _add(probes, _probes)
    together = suite.comparison(
        "breakers_together",
        title="Ten callers of 100 ms each through one closed breaker",
        kind="run",
        unit="s",
        rounds={"quick": 1, "default": 3, "full": 7},
    )
    _add(together, _together)
    needs = BREAKERS["pybreaker"].needs
    suite.claim(
        "a call through our closed breaker costs at most half of pybreaker's",
        ratio("breakers", "ours", "pybreaker", "time", state="closed") <= 0.5,
        needs=needs,
    )
    suite.claim(
        "a half-open breaker lets exactly one probe through",
        value("breakers_probes", "ours", "probes").equals(1)
        & value("breakers_probes", "ours_async", "probes").equals(1),
    )
    suite.claim(
        "callers of our breaker do not wait for each other, pybreaker's do",
        speedup("breakers_together", "ours", "pybreaker") >= 5,
        needs=needs,
    )
