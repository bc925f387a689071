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
from velvet_concurrency.runtime import quantile

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
    rate: float = 10.0,
    seconds: float = 60.0,
    down: tuple[float, float] = (10.0, 30.0),
    timeout: float = 1.0,
) -> BreakerStory:
    """Call a dependency `rate` times a second for `seconds` through `make(clock)`, `down` from and until.

    `timeout` is what a failing call costs its caller, in seconds. Raises `ValueError` for a rate or duration that is
    not positive and finite. O(calls).
    """
    if not all(0.0 < value < float("inf") for value in (rate, seconds)):
        raise ValueError(f"rate and seconds must be finite and > 0, not {rate!r} and {seconds!r}")
    clock = FakeClock()
    breaker = make(clock)
    strip: list[tuple[float, State, str]] = []
    spared = lost = probes = doomed = 0

    def dependency() -> None:
        nonlocal probes
        probes += breaker.state is State.HALF_OPEN
        if is_down:
            raise ConnectionError("the dependency is down")

    for number in range(int(rate * seconds)):
        clock.advance(max(0.0, number / rate - clock()))
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
        waited=failed * timeout,
        waited_without=doomed * timeout,
    )


@dataclass(frozen=True)
class HedgingResult:
    """Latencies in seconds; `extra_load` is the share of additional calls, 0.05 meaning 5 %."""

    name: str
    p50: float
    p99: float
    p999: float
    extra_load: float


def hedging(
    calls: int = 20_000,
    *,
    slow_share: float = 0.02,
    budget_ratio: float = 0.05,
    delay: float | None = None,
    seed: int = 0,
) -> tuple[HedgingResult, HedgingResult, HedgingResult]:
    """Return what the same `calls` meet plain, hedged, and hedged within a budget of `budget_ratio`.

    `slow_share` of all attempts take 0.5 to 1 s, the others about 10 ms. A hedge starts after `delay` seconds; None
    takes the 95th percentile of a healthy dependency (2 % slow), as a service would have learnt it.
    Raises `ValueError` for `calls` < 1, a share outside [0, 1] or a negative delay. O(calls log calls).
    """
    if calls < 1:
        raise ValueError(f"calls must be >= 1, not {calls!r}")
    if not 0.0 <= slow_share <= 1.0:
        raise ValueError(f"slow_share must be in [0, 1], not {slow_share!r}")
    if delay is not None and not delay >= 0.0:
        raise ValueError(f"delay must be >= 0 seconds or None, not {delay!r}")
    rng = random.Random(seed)
    if delay is None:
        delay = quantile([_reply(rng, 0.02) for _ in range(5_000)], 0.95)
    pairs = [(_reply(rng, slow_share), _reply(rng, slow_share)) for _ in range(calls)]
    budget = HedgeBudget(budget_ratio)
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
    return (
        _result("plain", [first for first, _ in pairs], 0, calls),
        _result("hedged", hedged, asked_twice, calls),
        _result("hedged+budget", budgeted, budget.spent, calls),
    )


def _reply(rng: random.Random, slow_share: float) -> float:
    if rng.random() < slow_share:
        return rng.uniform(*_SLOW)
    return _TYPICAL * rng.lognormvariate(0.0, _SPREAD)


def _result(name: str, latencies: list[float], extra: int, calls: int) -> HedgingResult:
    p50, p99, p999 = (quantile(latencies, q) for q in (0.50, 0.99, 0.999))
    return HedgingResult(name, p50, p99, p999, extra / calls)
