"""A queue that decides at the door what may wait, and at the exit what is still worth serving.

`asyncio.Queue` offers one answer to "full": wait. Under overload that only moves the queue to the callers. Here
the answer is a policy: `block` (backpressure, for producers one owns), `reject` (refuse the newest at once),
`drop_oldest` (for data that ages, such as telemetry), `codel` (RFC 8289: judge by waiting time). While the queue
is standing, `lifo_when_standing` serves the newest first, whose client is most likely still there (B. Maurer,
"Fail at Scale", ACM Queue 13(8), 2015). What went in equals what came out, was refused, was dropped or is left.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, get_args

from velvet_concurrency.clock import Clock
from velvet_concurrency.pressure.bulkhead import WaitQueue
from velvet_concurrency.pressure.codel import CoDel
from velvet_concurrency.runtime import check_int

T = TypeVar("T")
Policy = Literal["block", "reject", "drop_oldest", "codel"]
# Seconds without being empty; "Fail at Scale" and RFC 8289 both settle on 100 ms.
_STANDING_AFTER = 0.1


class Refused(Exception):
    """The queue is full and its policy does not wait."""


class QueueClosed(Exception):
    """Nothing more may be put; from `get`: and nothing is left."""


@dataclass(frozen=True)
class QueueStats:
    """Totals since the start: `offered == delivered + refused + dropped + depth` at every moment."""

    offered: int
    delivered: int
    refused: int
    dropped: int
    depth: int
    max_depth: int


class AdmissionQueue(Generic[T]):
    """An asynchronous queue with an overload policy; for the tasks of one event loop, not thread-safe.

    Arguments: `maxsize` items may wait (0: no bound); `policy` decides when it is full, and a full `codel` queue
    refuses; `codel` replaces the default target and interval; `on_drop(item)` is called for every item that was
    admitted and will not be served, so that its client can be told; `clock` gives seconds.
    Raises `ValueError` for a bad `maxsize` or an unknown policy. All operations O(1) amortised.

    What `on_drop` raises reaches the caller of `put` or `get` when the queue is consistent again: what was put
    is in it, and what was to be taken is still there.

    >>> queue = AdmissionQueue(1, "reject")
    >>> queue.put_nowait("first")
    >>> queue.put_nowait("second")
    Traceback (most recent call last):
    velvet_concurrency.pressure.queue.Refused: queue is full (1)
    """

    def __init__(
        self,
        maxsize: int,
        policy: Policy = "block",
        *,
        lifo_when_standing: bool = False,
        codel: CoDel | None = None,
        on_drop: Callable[[T], None] | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        check_int("maxsize", maxsize, 0)
        if policy not in get_args(Policy):
            raise ValueError(f"policy must be one of {get_args(Policy)}, not {policy!r}")
        self._maxsize = maxsize
        self._policy = policy
        self._lifo = lifo_when_standing
        self._codel = (codel or CoDel(clock=clock)) if policy == "codel" else None
        self._on_drop = on_drop
        self._clock = clock
        self._entries: deque[tuple[float, T]] = deque()
        self._busy_since = 0.0
        # Items and grants together never exceed the bound: where a grant is abandoned, there is room.
        self._putters = WaitQueue(self._offer_room)
        self._getters = WaitQueue(self._offer_items)
        self._closed = False
        self._offered = self._delivered = self._refused = self._dropped = self._max_depth = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def stats(self) -> QueueStats:
        """One consistent reading."""
        return QueueStats(
            offered=self._offered,
            delivered=self._delivered,
            refused=self._refused,
            dropped=self._dropped,
            depth=len(self._entries),
            max_depth=self._max_depth,
        )

    async def put(self, item: T) -> None:
        """Offer an item: wait, refuse or make room, as the policy says.

        Raises `Refused` or `QueueClosed`. Cancelled while waiting, it has offered nothing.
        """
        if self._policy == "block" and not self._closed and not self._room():
            try:
                await self._putters.wait()
            except QueueClosed:
                self._offered += 1
                self._refused += 1
                raise
        self.put_nowait(item)

    def put_nowait(self, item: T) -> None:
        """Offer an item as `put` does, but raise `Refused` where that would wait."""
        self._offered += 1
        if self._closed:
            self._refused += 1
            raise QueueClosed("queue is closed, nothing more may be put")
        full = not self._room()
        if full and self._policy != "drop_oldest":
            self._refused += 1
            raise Refused(f"queue is full ({self._maxsize})")
        now = self._clock()
        if not self._entries:
            self._busy_since = now
        self._entries.append((now, item))
        dropped = [self._entries.popleft()[1]] if full else []
        self._max_depth = max(self._max_depth, len(self._entries))
        self._getters.grant()
        self._drop(dropped)

    async def get(self) -> T:
        """Take the next item worth serving; raises `QueueClosed` when closed and empty.

        Cancelled while waiting, it has taken nothing.
        """
        first = False
        while not self._entries:
            if self._closed:
                raise QueueClosed("queue is closed and empty")
            await self._getters.wait(first=first)
            first = True  # another caller was quicker, or CoDel dropped it: keep the place
        return self.get_nowait()

    def get_nowait(self) -> T:
        """Take an item as `get` does, but raise `asyncio.QueueEmpty` where that would wait."""
        entries = self._entries
        if not entries:
            raise asyncio.QueueEmpty
        if self._codel is not None:
            late: list[T] = []
            survivor = self._codel.dequeue(entries, late.append)
            assert survivor is not None  # the last two items are never dropped
            entries.appendleft(survivor)
            try:
                self._drop(late)
            except BaseException:
                self._offer_items()
                raise
        standing = self._lifo and self._clock() - self._busy_since >= _STANDING_AFTER
        _, item = entries.pop() if standing else entries.popleft()
        self._delivered += 1
        self._putters.grant()
        if self._closed and not entries:
            self._dismiss_getters()
        return item

    def close(self) -> None:
        """Refuse what comes, let `get` drain what is left; waiting putters get `QueueClosed`. Idempotent."""
        self._closed = True
        self._putters.dismiss(lambda: QueueClosed("queue was closed while waiting to put"))
        if not self._entries:
            self._dismiss_getters()

    def _dismiss_getters(self) -> None:
        self._getters.dismiss(lambda: QueueClosed("queue is closed and empty"))

    def _room(self) -> bool:
        return not self._maxsize or len(self._entries) + self._putters.granted < self._maxsize

    def _offer_room(self) -> None:
        self._putters.grant()

    def _offer_items(self) -> None:
        if self._entries:
            self._getters.grant()

    def _drop(self, items: Sequence[T]) -> None:
        self._dropped += len(items)
        if self._on_drop is not None:
            for item in items:
                self._on_drop(item)
