"""A cache with a capacity, a time to live, and the least recently used entry evicted first.

An entry is gone at the very moment its age reaches the time to live, counted from its last `put`.
`get` and `put` make a key the most recent. A full cache drops an expired entry first, else the
least recently used one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any


class TtlLru:
    """At most `capacity` values, each for `ttl` seconds of the injected clock."""

    def __init__(self, capacity: int, ttl: float, clock: Callable[[], float]) -> None:
        if capacity < 1 or ttl <= 0:
            raise ValueError(f"capacity {capacity} and ttl {ttl} must be positive")
        self._capacity, self._ttl, self._clock = capacity, ttl, clock
        self._items: OrderedDict[str, tuple[Any, float]] = OrderedDict()

    def get(self, key: str) -> Any:
        """Return the value of a key, or None."""
        entry = self._items.get(key)
        if entry is None:
            return None
        value, expires = entry
        if self._clock() >= expires:
            del self._items[key]
            return None
        self._items.move_to_end(key)
        return value

    def put(self, key: str, value: Any) -> None:
        """Store a value and start its time anew."""
        self._items[key] = (value, self._clock() + self._ttl)
        self._items.move_to_end(key)
        if len(self._items) > self._capacity:
            self._evict()

    def delete(self, key: str) -> bool:
        """Drop a key and tell whether it was alive."""
        entry = self._items.pop(key, None)
        return entry is not None and self._clock() < entry[1]

    def __len__(self) -> int:
        now = self._clock()
        return sum(now < expires for _, expires in self._items.values())

    def _evict(self) -> None:
        now = self._clock()
        for key, (_, expires) in self._items.items():
            if expires <= now:
                del self._items[key]
                return
        self._items.popitem(last=False)
