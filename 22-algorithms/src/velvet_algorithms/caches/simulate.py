"""Hit ratios of a policy on a trace, and the best that any policy could have done.

Belady's rule (1966) evicts what will be asked for last. It needs the future, so it is a line to
measure by and not a policy to use.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any


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

    Raises:
        ValueError: `size` is not positive.
    """
    if size <= 0:
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
