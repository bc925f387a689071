"""Have I seen this one before? Three answers, from the naive to the one for production.

A list is exact and quadratic. A set is exact and grows for ever. A stream that never ends needs a bound:
`StreamDeduper` is exact for the recent keys and remembers older ones in rotating Bloom filters, so a
repeat is never missed within its horizon, and a new key is wrongly called old with a known probability.
"""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Container

from velvet_algorithms.contract import OwnCopies
from velvet_algorithms.filters import BloomFilter
from velvet_algorithms.hashing import as_bytes, checked_share, checked_whole

Deduper = Callable[[bytes], bool]


def list_deduper() -> Deduper:
    """Return the naive "is it new?": O(n) a key."""
    seen: list[bytes] = []
    return _exact(seen, seen.append)


def set_deduper() -> Deduper:
    """Return the exact "is it new?": O(1) a key, and memory for every key there ever was."""
    seen: set[bytes] = set()
    return _exact(seen, seen.add)


def _exact(seen: Container[bytes], remember: Callable[[bytes], None]) -> Deduper:
    def is_new(key: bytes) -> bool:
        if key in seen:
            return False
        remember(key)
        return True

    return is_new


class StreamDeduper(OwnCopies):
    """Tells new keys from repeats in an endless stream with bounded memory.

    Args:
        horizon: how many of the latest different keys are remembered at least, the window's among them.
        error: share of new keys that may be called old, over all generations together.
        window: how many of the latest different keys are remembered exactly, and kept from the filters.
        generations: Bloom filters of `horizon` keys that take turns; when one is full the oldest is
            forgotten. Two keep the promise; more remember longer what seldom repeats.
        salt: up to 64 secret bytes, wherever strangers choose the keys.

    Raises:
        ValueError: an argument breaks its rule.

    O(generations * log(1 / error)) per key; not thread-safe.

    >>> orders = StreamDeduper(1000)
    >>> [orders.is_new(key) for key in ("a", "b", "a")]
    [True, True, False]
    """

    _nested = ("_filters",)

    def __init__(
        self,
        horizon: int,
        error: float = 0.01,
        *,
        window: int = 0,
        generations: int = 2,
        salt: bytes = b"",
    ) -> None:
        checked_whole("horizon", horizon)
        checked_whole("generations", generations, 2)
        checked_share("error", error)
        self.window = checked_whole("window", window, 0)
        self._generations = generations
        # The newest generation is empty after a turn, and the same few keys may fill several: only a
        # whole generation surely holds `horizon` different keys. Some of them may be in the window
        # again, which therefore does not add to the horizon.
        self._capacity = horizon
        self._error, self._salt = error / generations, salt
        self._filters = deque([self._fresh()], maxlen=generations)
        self._recent: OrderedDict[bytes, None] = OrderedDict()
        self.rotations = 0

    def _fresh(self) -> BloomFilter:
        return BloomFilter(self._capacity, self._error, salt=self._salt)

    def is_new(self, key: bytes | str) -> bool:
        """Return whether a key is new, and remember it."""
        key = as_bytes(key)
        if key in self._recent:
            self._recent.move_to_end(key)
            return False
        if not self.window:
            return self._learn(key)
        new = not any(key in one for one in self._filters)
        self._recent[key] = None
        if len(self._recent) > self.window:
            # Learnt when it leaves, so that its turn to be forgotten counts from its last repeat.
            self._learn(self._recent.popitem(last=False)[0])
        return new

    def _learn(self, key: bytes) -> bool:
        """Tell the newest filter; return whether no filter knew the key."""
        # Also what an older one knows, so a key that keeps coming is never forgotten.
        new = self._filters[-1].add(key)
        if new and any(key in older for older in self._filters if older is not self._filters[-1]):
            new = False
        if len(self._filters[-1]) >= self._capacity:
            self._filters.append(self._fresh())
            self.rotations += 1
        return new

    def expected_error(self) -> float:
        """Return the share of new keys that would be called old now, from the bits that are set."""
        right = 1.0
        for one in self._filters:
            right *= 1.0 - one.theory()
        return 1.0 - right

    @property
    def bytes_used(self) -> int:
        """Bytes of the filters and of the exact window with its keys; O(window)."""
        window = sys.getsizeof(self._recent) + sum(map(sys.getsizeof, self._recent))
        return sum(one.bytes_used for one in self._filters) + (window if self.window else 0)
