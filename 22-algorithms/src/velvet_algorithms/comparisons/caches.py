"""Eviction policies: how often they hit on four traces, and how many requests a second they serve.

Hit ratios are exact counts of seeded traces, given beside Belady's optimum. Speed is a replay of
the trace `zipf`: `get`, and `[]=` after a miss; `functools.lru_cache` is called as a function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import partial

from velvet.bench import Metric, Outcome, Suite, order, speedup, value
from velvet_algorithms.comparisons.rows import claim_speedups
from velvet_algorithms.contenders import Way, load, ways

REQUESTS = 100_000
SIZE = 1_000
REPLAYED = 20_000  # of them in one timed call
TRACES = ("zipf", "zipf_scan", "loop", "drift")


def _trace(name: str, n: int = REQUESTS) -> list[int]:
    from velvet_algorithms.caches import traces

    made: list[int] = getattr(traces, name)(n)
    return made


def _ratio(policy: str, trace: str) -> Callable[[], Outcome]:
    from velvet_algorithms.caches.traces import belady_hits, simulate

    requests = _trace(trace)

    def run() -> Outcome:
        if policy == "Belady":
            hits = belady_hits(requests, SIZE)
        else:
            hits = simulate(load("ours").caches[policy](SIZE), requests).hits
        return Outcome({"hit_ratio": hits / REQUESTS})

    return run


def _replay(one: Way) -> Callable[[], int]:
    from velvet_algorithms.caches.traces import simulate

    requests = _trace("zipf", REPLAYED)
    return lambda: simulate(one.setup(SIZE), requests).hits


def _lru_cache() -> Callable[[], int]:
    requests = _trace("zipf", REPLAYED)

    def run() -> int:
        cached = functools.lru_cache(SIZE)(lambda _: True)
        for key in requests:
            cached(key)
        return cached.cache_info().hits

    return run


def _add_ratios(suite: Suite) -> None:
    hits = suite.comparison(
        "cache_hits",
        title="Hit ratio of 100,000 requests, 1,000 entries",
        kind="value",
        unit="share",
        metrics={"hit_ratio": Metric("share", "higher")},
        sizes={"trace": list(TRACES)},
    )
    for policy in ("Belady", "LRU", "LFU", "SIEVE", "S3-FIFO"):
        hits.add(policy, partial(_ratio, policy), baseline=policy == "LRU")
    figure = partial(value, "cache_hits", metric="hit_ratio")
    for newer in ("SIEVE", "S3-FIFO"):
        suite.claim(
            f"where popularity stays, {newer} hits clearly more often than LRU",
            (figure(newer, trace="zipf") - figure("LRU", trace="zipf")) >= 0.03,
        )
    suite.claim(
        "where it drifts, LRU is ahead of SIEVE and LFU is nowhere",
        order("cache_hits", "LFU", "SIEVE", "LRU", metric="hit_ratio", trace="drift")
        & (figure("LFU", trace="drift") <= 0.1),
    )
    suite.claim(
        "in a loop a tenth too long LRU, LFU and SIEVE never hit, and S3-FIFO does",
        figure("LRU", trace="loop").equals(0)
        & figure("LFU", trace="loop").equals(0)
        & figure("SIEVE", trace="loop").equals(0)
        & (figure("S3-FIFO", trace="loop") >= 0.5),
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of caches."""
    _add_ratios(suite)
    speed = suite.comparison(
        "caches",
        title="Requests a second, Zipf 0.9 over 10,000 keys, 1,000 entries",
        unit="ops/s",
        items=REPLAYED,
        rounds={"quick": 8, "default": 15},
    )
    for one in ways("caches"):
        name = one.name
        speed.add(name, partial(_replay, one), baseline=name == "cachetools LRU", needs=one.needs)
    speed.add("functools.lru_cache", _lru_cache, note="calls the function itself")
    ours = "our LRU serves more requests than that of cachetools"
    claim_speedups(suite, speed, {ours: ("LRU", "cachetools LRU", 1.2)})
    suite.claim(
        "functools.lru_cache is faster than every LRU written in Python",
        (speedup("caches", "functools.lru_cache", "LRU") >= 1.2)
        & (speedup("caches", "functools.lru_cache", "plain dict") >= 1.5),
    )
    plain = "a plain dict makes a slower LRU than an OrderedDict"
    claim_speedups(suite, speed, {plain: ("LRU", "plain dict", 1.3)})
