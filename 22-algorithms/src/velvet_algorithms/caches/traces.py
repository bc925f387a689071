"""Request traces that tell eviction policies apart, and the most that any policy could hit on them.

All are seeded, keys are integers. `zipf` is popularity that stays; `zipf_scan` the same with long
scans through it, which flush a plain LRU; `loop` walks in a circle that is a little too large, where
LRU has no hit at all; `drift` is popularity that moves on, where counting uses goes wrong. Belady's
rule (1966) evicts what will be asked for last. It needs the future, so it is a line to measure by
and not a policy to use.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Hashable, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from velvet_algorithms.contract import plain
from velvet_algorithms.hashing import checked_whole


def zipf(n: int, *, keys: int = 10_000, skew: float = 0.9, seed: int = 0) -> list[int]:
    """Return n requests of which key k has a share proportional to 1 / (k + 1)^skew."""
    n, keys = checked_whole("n", n), checked_whole("keys", keys)
    weights = list(accumulate((k + 1) ** -plain(skew) for k in range(keys)))
    return random.Random(seed).choices(range(keys), cum_weights=weights, k=n)


def zipf_scan(
    n: int, *, keys: int = 10_000, skew: float = 0.9, every: int = 5_000, seed: int = 0
) -> list[int]:
    """Return a Zipf trace in which every `every` requests a fifth as many keys are scanned once.

    The scanned keys are new ones each time, from `keys` upwards.
    """
    n, keys = checked_whole("n", n), checked_whole("keys", keys)
    every = checked_whole("every", every)
    popular = iter(zipf(n, keys=keys, skew=skew, seed=seed))
    length, fresh = max(every // 5, 1), keys
    trace: list[int] = []
    while len(trace) < n:
        trace.extend(key for key, _ in zip(popular, range(every), strict=False))
        trace.extend(range(fresh, fresh + length))
        fresh += length
    return trace[:n]


def loop(n: int, *, keys: int = 1_100) -> list[int]:
    """Return n requests that walk 0, 1, ..., keys - 1 and begin again."""
    n, keys = checked_whole("n", n), checked_whole("keys", keys)
    return [i % keys for i in range(n)]


def drift(
    n: int, *, keys: int = 1_000, skew: float = 0.9, step: int = 10, seed: int = 0
) -> list[int]:
    """Return a Zipf trace whose most popular key moves on by one after every `step` requests."""
    step = checked_whole("step", step)
    ranks = zipf(n, keys=keys, skew=skew, seed=seed)
    return [rank + i // step for i, rank in enumerate(ranks)]


@dataclass(frozen=True)
class HitStats:
    """How a trace went."""

    requests: int
    hits: int

    @property
    def ratio(self) -> float:
        """Hits per request; 0 for an empty trace."""
        return self.hits / self.requests if self.requests else 0.0


def simulate(cache: MutableMapping[Any, Any], trace: Sequence[Hashable]) -> HitStats:
    """Ask a cache for every key of a trace and store what is missing.

    Any mapping with `get` and `[]=` will do, those of other libraries too.
    """
    get, hits = cache.get, 0
    for key in trace:
        if get(key) is None:
            cache[key] = True
        else:
            hits += 1
    return HitStats(len(trace), hits)


def belady_hits(trace: Sequence[Hashable], size: int) -> int:
    """Return the most hits that any policy can have which keeps what was asked for last.

    O(n log n): a heap of next uses, whose outdated entries are skipped.
    """
    if not size > 0:
        raise ValueError(f"size must be > 0 entries, got {size!r}")
    never = len(trace)
    following = [never] * len(trace)
    seen: dict[Hashable, int] = {}
    for i in range(len(trace) - 1, -1, -1):
        following[i] = seen.get(trace[i], never)
        seen[trace[i]] = i
    next_use: dict[Hashable, int] = {}
    farthest: list[tuple[int, int]] = []  # (-next use, where the key is in the trace)
    hits = 0
    for i, key in enumerate(trace):
        if key in next_use:
            hits += 1
        elif len(next_use) >= size:
            while True:
                use, place = heapq.heappop(farthest)
                if next_use.get(trace[place]) == -use:
                    break
            del next_use[trace[place]]
        next_use[key] = following[i]
        heapq.heappush(farthest, (-following[i], i))
    return hits
