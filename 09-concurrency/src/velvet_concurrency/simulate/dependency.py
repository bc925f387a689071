"""A dependency that dies and comes back behind a breaker, and one with a slow tail behind a hedge.

The breaker: calls arrive evenly; while the dependency is down each one fails after a timeout that its caller has to
sit through. The gain is the calls it spares, the price the calls it refuses after the recovery.

The hedge: a small share of replies is slow for reasons that the next attempt does not share (a queue, a collection,
a lost packet). Asking a second time after the 95th percentile replaces that tail by two ordinary latencies. The
price is the share of calls asked twice: about 5 %, as long as the dependency is healthy; when it is not, only a
budget keeps hedging from doubling the load. Source: J. Dean and L. A. Barroso, "The Tail at Scale", CACM 56(2), 2013.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
from velvet_concurrency.clock import Clock, FakeClock
from velvet_concurrency.resilience import HedgeBudget
from velvet_concurrency.runtime import check_int, quantile

_RATE = 10.0  # calls a second
_TIMEOUT = 1.0  # seconds that a failing call costs its caller
_TYPICAL = 0.010  # seconds, median of an ordinary reply
_SPREAD = 0.3  # sigma of its log-normal
_SLOW = (0.5, 1.0)  # seconds, a slow reply is uniform between


@dataclass(frozen=True)
class BreakerStory:
    """What happened to each call, in order.

    `strip` holds `(seconds, state after the call, outcome)` with the outcome `ok`, `failed` or `refused`; `spared` are
    calls refused while the dependency was down, `lost` those refused although it was up again; `probes` reached it in
    half-open; `waited` is the time in seconds spent on calls that failed, `waited_without` the same without a breaker.
    """

    strip: tuple[tuple[float, State, str], ...]
    ok: int
    failed: int
    spared: int
    lost: int
    probes: int
    waited: float
    waited_without: float


def failing_dependency(
    make: Callable[[Clock], CircuitBreaker],
    *,
    seconds: float = 60.0,
    down: tuple[float, float] = (10.0, 30.0),
) -> BreakerStory:
    """Call a dependency ten times a second for `seconds` through `make(clock)`, `down` from and until.

    Raises `ValueError` unless `seconds` is positive and finite. O(calls).
    """
    if not 0.0 < seconds < float("inf"):
        raise ValueError(f"seconds must be finite and > 0, not {seconds!r}")
    clock = FakeClock()
    breaker = make(clock)
    strip: list[tuple[float, State, str]] = []
    spared = lost = probes = doomed = 0

    def dependency() -> None:
        nonlocal probes
        probes += breaker.state is State.HALF_OPEN
        if is_down:
            raise ConnectionError("the dependency is down")

    for number in range(int(_RATE * seconds)):
        clock.advance(max(0.0, number / _RATE - clock()))
        is_down = down[0] <= clock() < down[1]
        doomed += is_down
        outcome = "failed"
        with contextlib.suppress(ConnectionError):
            try:
                breaker.call(dependency)
                outcome = "ok"
            except CircuitOpen:
                outcome = "refused"
                spared += is_down
                lost += not is_down
        strip.append((clock(), breaker.state, outcome))
    outcomes = [outcome for _, _, outcome in strip]
    failed = outcomes.count("failed")
    return BreakerStory(
        strip=tuple(strip),
        ok=outcomes.count("ok"),
        failed=failed,
        spared=spared,
        lost=lost,
        probes=probes,
        waited=failed * _TIMEOUT,
        waited_without=doomed * _TIMEOUT,
    )


@dataclass(frozen=True)
class HedgingResult:
    """Latencies in seconds; `extra_load` is the share of additional calls, 0.05 meaning 5 %."""

    p50: float
    p99: float
    p999: float
    extra_load: float


def hedging(
    calls: int = 20_000, *, slow_share: float = 0.02, seed: int = 0
) -> dict[str, HedgingResult]:
    """Return what the same `calls` meet plain, hedged, and hedged within a budget of 5 %.

    `slow_share` of all attempts take 0.5 to 1 s, the others about 10 ms. A hedge starts after the 95th
    percentile of a healthy dependency (2 % slow), as a service would have learnt it. Raises `ValueError`
    for `calls` < 1 or a share outside [0, 1]. O(calls log calls).
    """
    check_int("calls", calls, 1)
    if not 0.0 <= slow_share <= 1.0:
        raise ValueError(f"slow_share must be in [0, 1], not {slow_share!r}")
    rng = random.Random(seed)
    delay = quantile([_reply(rng, 0.02) for _ in range(5_000)], 0.95)
    pairs = [(_reply(rng, slow_share), _reply(rng, slow_share)) for _ in range(calls)]
    budget = HedgeBudget(0.05)
    hedged: list[float] = []
    budgeted: list[float] = []
    asked_twice = 0
    for first, second in pairs:
        budget.deposit()
        late = first > delay
        best = min(first, delay + second) if late else first
        asked_twice += late
        hedged.append(best)
        budgeted.append(best if late and budget.try_spend() else first)
    return {
        "plain": _result([first for first, _ in pairs], 0),
        "hedged": _result(hedged, asked_twice),
        "hedged+budget": _result(budgeted, budget.spent),
    }


def _reply(rng: random.Random, slow_share: float) -> float:
    if rng.random() < slow_share:
        return rng.uniform(*_SLOW)
    return _TYPICAL * rng.lognormvariate(0.0, _SPREAD)


def _result(latencies: list[float], extra: int) -> HedgingResult:
    p50, p99, p999 = (quantile(latencies, q) for q in (0.50, 0.99, 0.999))
    return HedgingResult(p50, p99, p999, extra / len(latencies))
