"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from velvet_nlp.contenders import NAMES, load

SIZES = (100, 200, 400, 800, 1600, 3200)
ROUNDS = 5


def grow(largest: int = 800) -> Iterator[dict[str, Any]]:
    """Time each contender on more and more items, up to `largest`."""
    sizes = [size for size in SIZES if size <= largest]
    yield {"type": "plan", "total": len(sizes) * len(NAMES)}
    for size in sizes:
        items = list(range(size))
        for name in NAMES:
            unique = load(name).unique
            seconds = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                unique(items)
                seconds.append(time.perf_counter() - began)
            yield {"type": "point", "name": name, "n": size, "us": min(seconds) * 1e6}
