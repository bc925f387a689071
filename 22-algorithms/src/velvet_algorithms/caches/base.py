"""What all caches here share: a size, two counters, and the manners of a dictionary.

`get` and `[]` count as a use and as a hit or a miss, and so does what is built on them (`items`,
`values`, `pop`); `in`, iteration and `len` do not count. Errors are a dictionary's. Nothing is
thread-safe; see `locked` for that.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, MutableMapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(MutableMapping[K, V]):
    """A mapping that holds at most `maxsize` entries and evicts by a policy of its own.

    Attributes:
        maxsize: entries.
        hits, misses: how `get` and `[]` went so far.

    Raises:
        ValueError: `maxsize` is not positive.
    """

    __slots__ = ("_changes", "hits", "maxsize", "misses")

    def __init__(self, maxsize: int) -> None:
        if maxsize <= 0:
            raise ValueError(f"maxsize must be > 0 entries, got {maxsize!r}")
        self.maxsize = maxsize
        self.hits = self.misses = 0
        self._changes = 0  # keys that came or went, which is what iterators watch

    def _watched(self, keys: Iterator[K]) -> Iterator[K]:
        stamp = self._changes
        for key in keys:
            yield key
            if self._changes != stamp:
                raise RuntimeError("the cache changed during iteration; iterate over list(cache)")

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(maxsize={self.maxsize}, {len(self)} entries, "
            f"{self.hits} hits, {self.misses} misses)"
        )
