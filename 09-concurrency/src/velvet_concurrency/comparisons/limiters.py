"""What a call of a limiter costs: refused or admitted, over the window's size, from four threads.

The refused path asks an exhausted limiter, the admitted path one with a hundred places left, so
both do a hundred calls a turn. The window is years long: nothing is refilled during a run.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from velvet.bench import Suite, Timed, growth, ratio
from velvet_concurrency.contenders.limiter_libraries import LIMITERS, Fresh, Gate

CALLS = 100
FOR_EVER = 10**8  # seconds: nothing is refilled during a run
THREADS = 4
Make = Callable[[int, int], Fresh]
OWN: dict[str, Callable[[Any, int, float, dict[str, Any]], Any]] = {
    "naive": lambda its, n, window, how: its.NaiveRateLimiter(n, window, **how),
    "sliding_log": lambda its, n, window, how: its.SlidingLogLimiter(n, window, **how),
    "fixed_window": lambda its, n, window, how: its.FixedWindowLimiter(n, window, **how),
    "sliding_counter": lambda its, n, window, how: its.SlidingWindowCounter(n, window, **how),
    "token_bucket": lambda its, n, window, how: its.TokenBucketLimiter(n / window, n, **how),
    "gcra": lambda its, n, window, how: its.GCRALimiter(n / window, n, **how),
    "keyed": lambda its, n, window, how: its.KeyedLimiter(
        lambda: its.TokenBucketLimiter(n / window, n, **how)
    ),
    "bucket_tenth": lambda its, n, window, how: its.TokenBucketLimiter(
        n / window, max(1, n // 10), **how
    ),
}


def own(name: str, limit: int, window: float, **how: Any) -> Gate:
    """Return one of our limiters; `how` may hold a clock."""
    from velvet_concurrency import limiters

    allow = OWN[name](limiters, limit, window, how).allow
    if name == "keyed":
        allow = partial(allow, "key")
    return Gate(allow, allow)


def makers() -> Iterator[tuple[str, Make, tuple[str, ...]]]:
    """Yield name, `make(limit, window)` and needs of each limiter, ours first."""
    for name in OWN:
        if name != "bucket_tenth":
            yield name, partial(partial, own, name), ()
    for name, (need, make) in LIMITERS.items():
        yield name, make, (need,)


def drive(gate: Gate) -> int:
    """Ask a hundred times; returns how many were admitted."""
    allow = gate.allow
    admitted = 0
    for _ in itertools.repeat(None, CALLS):
        admitted += allow()
    return admitted


def _ops(make: Make, window: int, path: str = "refused") -> Any:
    fresh = make(window, FOR_EVER)

    def with_room(left: int) -> Gate:
        gate = fresh()
        if window > left:
            gate.take(window - left)
        return gate

    if path == "admitted":
        return Timed(drive, prepare=lambda: with_room(CALLS))
    return partial(drive, with_room(0))


def _add_ops(suite: Suite) -> None:
    ops = suite.comparison(
        "limiter_ops",
        title="One call of a limiter, one key, one thread",
        unit="ops/s",
        sizes={"window": [100, 1000, 10_000], "path": ["refused", "admitted"]},
        items=CALLS,
        quick=lambda window, path: window == 1000 and path == "refused",
        rounds={"quick": 8, "default": 8, "full": 30},
    )
    for name, make, needs in makers():
        ops.add(name, partial(_ops, make), baseline=name == "naive", needs=needs)
    ops.same_result()
    at: dict[str, Any] = {"path": "refused", "window": 1000}
    suite.claim(
        "a token bucket is many times faster than the naive list of 1,000 calls",
        ratio("limiter_ops", "token_bucket", "naive", **at) >= 25,
    )
    for peer in ("limits_moving_window", "throttled_token_bucket", "pyrate"):
        for text, mine, bound in (
            (f"our bucket costs at most a third of {peer}'s call", "token_bucket", 3),
            (f"with keys, as {peer} has them, ours is still ahead", "keyed", 1.5),
        ):
            holds = ratio("limiter_ops", mine, peer, **at) >= bound
            suite.claim(text, holds, needs=LIMITERS[peer][0])


def _add_growth(suite: Suite) -> None:
    grows = suite.comparison(
        "limiter_ops_growth",
        title="What a refused call costs as the window grows",
        unit="us",
        sizes={"window": [100, 1000, 10_000]},
        quick=lambda window: window != 1000,
        items=CALLS,
        rounds={"quick": 8},
    )
    for name, make, _ in makers():
        if name in ("token_bucket", "naive", "sliding_log", "gcra"):
            grows.add(name, partial(_ops, make))
    suite.claim(
        "the naive list's cost grows with its window",
        growth("limiter_ops_growth", "naive", over="window") >= 0.8,
    )
    suite.claim(
        "the bucket's does not",
        growth("limiter_ops_growth", "token_bucket", over="window") <= 0.1,
        needs="calm",
    )


def _add_threads(suite: Suite) -> None:
    threads = suite.comparison(
        "limiter_ops_threads",
        title="One limiter, four threads, refused calls, wall clock",
        unit="ops/s",
        items=THREADS * CALLS,
        clock="wall",
        rounds={"quick": 8},
    )

    def setup(make: Make) -> Iterator[Callable[[], int]]:
        gate = make(1000, FOR_EVER)()
        gate.take(1000)
        with ThreadPoolExecutor(THREADS) as pool:
            yield lambda: sum(pool.map(drive, [gate] * THREADS))

    chosen = ("token_bucket", "gcra", "sliding_log", "keyed", "naive")
    for name, make, needs in makers():
        if name in (*chosen, "limits_moving_window", "throttled_token_bucket", "pyrate"):
            threads.add(name, partial(setup, make), baseline=name == "naive", needs=needs)
    threads.same_result()
    suite.claim(
        "the bucket stays ahead of the list with four threads",
        ratio("limiter_ops_threads", "token_bucket", "naive") >= 10,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of what a call costs."""
    _add_ops(suite)
    _add_growth(suite)
    _add_threads(suite)
