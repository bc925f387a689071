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

from concurrency_peers import LIMITERS, Fresh, Gate

from velvet.bench import Suite, Timed, growth, ratio

CALLS = 100
FOR_EVER = 10**8  # seconds: nothing is refilled during a run
THREADS = 4


def own(name: str, limit: int, window: float, clock: Callable[[], float] | None = None) -> Gate:
    from velvet_concurrency import limiters

    given = {} if clock is None else {"clock": clock}
    if name == "keyed":
        keyed = limiters.KeyedLimiter(
            lambda: limiters.TokenBucketLimiter(limit / window, limit, **given)
        )
        return Gate(partial(keyed.allow, "key"), partial(keyed.allow, "key"))
    if name == "bucket_tenth":
        one: Any = limiters.TokenBucketLimiter(limit / window, max(1, limit // 10), **given)
    elif name in ("token_bucket", "gcra"):
        kind = limiters.TokenBucketLimiter if name == "token_bucket" else limiters.GCRALimiter
        one = kind(limit / window, limit, **given)
    else:
        kinds = {
            "naive": limiters.NaiveRateLimiter,
            "sliding_log": limiters.SlidingLogLimiter,
            "fixed_window": limiters.FixedWindowLimiter,
            "sliding_counter": limiters.SlidingWindowCounter,
        }
        one = kinds[name](limit, window, **given)
    return Gate(one.allow, one.allow)


OWN = (
    "naive",
    "sliding_log",
    "fixed_window",
    "sliding_counter",
    "token_bucket",
    "gcra",
    "keyed",
)


def makers() -> Iterator[tuple[str, Callable[[int, int], Fresh], tuple[str, ...]]]:
    for name in OWN:
        yield name, (lambda limit, window, name=name: partial(own, name, limit, window)), ()
    for name, (need, make) in LIMITERS.items():
        yield name, make, (need,)


def drive(gate: Gate) -> int:
    allow = gate.allow
    admitted = 0
    for _ in itertools.repeat(None, CALLS):
        admitted += allow()
    return admitted


def _ops(make: Callable[[int, int], Fresh], window: int, path: str) -> Any:
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
    at = {"path": "refused", "window": 1000}
    suite.claim(
        "a token bucket is many times faster than the naive list of 1,000 calls",
        ratio("limiter_ops", "token_bucket", "naive", **at) >= 25,
    )
    for peer in ("limits_moving_window", "throttled_token_bucket", "pyrate"):
        needs = LIMITERS[peer][0]
        suite.claim(
            f"our bucket costs at most a third of {peer}'s call",
            ratio("limiter_ops", "token_bucket", peer, **at) >= 3,
            needs=needs,
        )
        suite.claim(
            f"with keys, as {peer} has them, ours is still ahead",
            ratio("limiter_ops", "keyed", peer, **at) >= 1.5,
            needs=needs,
        )


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
    for name in ("token_bucket", "naive", "sliding_log", "gcra"):
        make = partial(own, name)
        grows.add(
            name,
            lambda window, make=make: _ops(lambda n, s: partial(make, n, s), window, "refused"),
        )
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

    def setup(make: Callable[[int, int], Fresh]) -> Iterator[Callable[[], int]]:
        gate = make(1000, FOR_EVER)()
        gate.take(1000)
        with ThreadPoolExecutor(THREADS) as pool:
            yield lambda: sum(pool.map(drive, [gate] * THREADS))

    chosen = ("token_bucket", "gcra", "sliding_log", "keyed", "naive")
    for name, make, needs in makers():
        if name in chosen or name in ("limits_moving_window", "throttled_token_bucket", "pyrate"):
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
