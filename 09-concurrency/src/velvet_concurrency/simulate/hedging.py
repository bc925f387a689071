"""What hedged requests do to the tail, and what they cost.

A small share of replies is slow for reasons that the next attempt does not share (a queue, a collection, a lost
packet). Asking a second time after the 95th percentile replaces that tail by two ordinary latencies. The price
is the share of calls asked twice: about 5 %, as long as the dependency is healthy; when it is not, only a budget
keeps hedging from doubling the load. Source: J. Dean and L. A. Barroso, "The Tail at Scale", CACM 56(2), 2013.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from velvet_concurrency.quantiles import quantile
from velvet_concurrency.resilience import HedgeBudget

_TYPICAL = 0.010  # seconds, median of an ordinary reply
_SPREAD = 0.3  # sigma of its log-normal
_SLOW = (0.5, 1.0)  # seconds, a slow reply is uniform between


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
    """The same `calls` plain, hedged, and hedged within a budget of `budget_ratio`.

    `slow_share` of all attempts take 0.5 to 1 s, the others about 10 ms. A hedge starts after `delay` seconds; None
    takes the 95th percentile of a healthy dependency (2 % slow), as a service would have learnt it.
    Raises `ValueError` for `calls` < 1 or a share outside [0, 1]. O(calls log calls).
    """
    if calls < 1:
        raise ValueError(f"calls must be >= 1, not {calls!r}")
    if not 0.0 <= slow_share <= 1.0:
        raise ValueError(f"slow_share must be in [0, 1], not {slow_share!r}")
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
