"""Request traces that tell eviction policies apart; all seeded, keys are integers.

`zipf` is popularity that stays; `zipf_scan` the same with long scans through it, which flush
a plain LRU; `loop` walks in a circle that is a little too large, where LRU has no hit at all;
`drift` is popularity that moves on, where counting uses goes wrong.
"""

from __future__ import annotations

import random
from itertools import accumulate


def zipf(n: int, *, keys: int = 10_000, skew: float = 0.9, seed: int = 0) -> list[int]:
    """Return n requests of which key k has a share proportional to 1 / (k + 1)^skew.

    Raises:
        ValueError: `n` or `keys` is not positive.
    """
    _refuse(n=n, keys=keys)
    weights = list(accumulate((k + 1) ** -skew for k in range(keys)))
    return random.Random(seed).choices(range(keys), cum_weights=weights, k=n)


def zipf_scan(
    n: int, *, keys: int = 10_000, skew: float = 0.9, every: int = 5_000, seed: int = 0
) -> list[int]:
    """Return a Zipf trace in which every `every` requests a fifth as many keys are scanned once.

    The scanned keys are new ones each time, from `keys` upwards.
    """
    _refuse(n=n, keys=keys, every=every)
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
    _refuse(n=n, keys=keys)
    return [i % keys for i in range(n)]


def drift(
    n: int, *, keys: int = 1_000, skew: float = 0.9, step: int = 10, seed: int = 0
) -> list[int]:
    """Return a Zipf trace whose most popular key moves on by one after every `step` requests."""
    _refuse(n=n, keys=keys, step=step)
    ranks = zipf(n, keys=keys, skew=skew, seed=seed)
    return [rank + i // step for i, rank in enumerate(ranks)]


def _refuse(**counts: int) -> None:
    for name, count in counts.items():
        if count <= 0:
            raise ValueError(f"{name} must be > 0, got {count!r}")
