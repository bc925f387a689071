"""Hit ratios over the size of the cache, for four policies and the best that any could have done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from velvet_algorithms.caches.lfu import LFUCache
from velvet_algorithms.caches.lru import LRUCache
from velvet_algorithms.caches.s3fifo import S3FIFOCache
from velvet_algorithms.caches.sieve import SieveCache
from velvet_algorithms.caches.simulate import belady_hits, simulate
from velvet_algorithms.caches.traces import drift, loop, zipf, zipf_scan

POLICIES: dict[str, Callable[[int], Any]] = {
    "LRU": LRUCache,
    "LFU": LFUCache,
    "SIEVE": SieveCache,
    "S3-FIFO": S3FIFOCache,
}
BEST = "Belady"
TRACES = {
    "zipf": "popularity that stays",
    "zipf_scan": "popularity that stays, with long scans through it",
    "loop": "a walk in a circle",
    "drift": "popularity that moves on",
}
# The share that a loop a tenth too long leaves is among them.
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 10 / 11, 1.0)
FEWEST, MOST = 500, 20_000


@dataclass(frozen=True)
class TraceRequest:
    """A trace: which one, how long, over how many keys, how uneven."""

    name: str = "zipf"
    requests: int = 6_000
    keys: int = 1_000
    skew: float = 0.9
    seed: int = 1

    def make(self) -> list[int]:
        """Return the keys in the order in which they are asked for.

        Raises:
            ValueError: the trace is unknown, or its length or keys are out of range.
        """
        if self.name not in TRACES:
            raise ValueError(f"trace must be one of {', '.join(TRACES)}, not {self.name!r}")
        if not FEWEST <= self.requests <= MOST:
            raise ValueError(f"requests must be {FEWEST} to {MOST:,}, not {self.requests:,}")
        n, keys, skew, seed = self.requests, self.keys, self.skew, self.seed
        if self.name == "loop":
            return loop(n, keys=keys)
        if self.name == "drift":
            return drift(n, keys=keys, skew=skew, seed=seed)
        if self.name == "zipf_scan":
            return zipf_scan(n, keys=keys, skew=skew, every=max(500, n // 6), seed=seed)
        return zipf(n, keys=keys, skew=skew, seed=seed)


def sizes_for(keys: int) -> list[int]:
    """Return cache sizes from a hundredth of the keys to all of them."""
    return sorted({max(1, round(keys * share)) for share in _SHARES})


def hit_curves(trace: Sequence[int], sizes: Sequence[int]) -> dict[str, list[tuple[float, float]]]:
    """Return (size, hit ratio) for Belady's optimum and every policy."""
    count = max(1, len(trace))
    curves = {BEST: [(float(size), belady_hits(trace, size) / count) for size in sizes]}
    for name, make in POLICIES.items():
        curves[name] = [(float(size), simulate(make(size), trace).ratio) for size in sizes]
    return curves
