"""A queue that decides at the door who may wait, and at the exit who is still worth serving.

`asyncio.Queue` offers one answer to "full": wait. Under overload that only moves the queue to the callers. Here
the answer is a policy: `block` (backpressure, for producers one owns), `reject` (tell the newest at once),
`drop_oldest` (for data that ages, such as telemetry), `codel` (RFC 8289: judge by waiting time). While the queue
is standing, `lifo_when_standing` serves the newest first, whose client is most likely still there (B. Maurer,
"Fail at Scale", ACM Queue 13(8), 2015). What went in equals what came out, was refused, was dropped or is left.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, get_args

from velvet_concurrency.pressure.codel import CoDel
from velvet_concurrency.pressure.line import Line

T = TypeVar("T")
Policy = Literal["block", "reject", "drop_oldest", "codel"]

_STANDING_AFTER = (
    0.1  # seconds without being empty; "Fail at Scale" and RFC 8289 both settle on 100 ms
)


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
    refuses; `codel` replaces the default target and interval; `on_drop(item)` hears of every item that was
    admitted and will not be served, so that its client can be told; `clock` gives seconds.
    Raises `ValueError` for a bad `maxsize` or an unknown policy. All operations O(1) amortised.

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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if isinstance(maxsize, bool) or not isinstance(maxsize, int) or maxsize < 0:
            raise ValueError(f"maxsize must be an int >= 0 (0: no bound), not {maxsize!r}")
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
        self._putters = Line(self._offer_room)
        self._getters = Line(self._offer_items)
        self._joiners = Line(lambda: None)
        self._closed = False
        self._unfinished = 0
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
        """As `put`, but where that would wait it raises `Refused`."""
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
        self._unfinished += 1
        if full:
            self._drop(self._entries.popleft()[1])
        self._max_depth = max(self._max_depth, len(self._entries))
        self._getters.grant()

    async def get(self) -> T:
        """Take the next item worth serving; raises `QueueClosed` when closed and empty.

        Cancelled while waiting, it has taken nothing.
        """
        first = False
        while not self._entries:
            if self._closed:
                raise QueueClosed("queue is closed and empty")
            await self._getters.wait(first=first)
            first = True  # somebody was quicker, or CoDel dropped it: keep the place in line
        return self.get_nowait()

    def get_nowait(self) -> T:
        """As `get`, but raises `asyncio.QueueEmpty` where that would wait."""
        if not self._entries:
            raise asyncio.QueueEmpty
        item = self._take()
        self._delivered += 1
        self._offer_room()
        if self._closed and not self._entries:
            self._dismiss_getters()
        return item

    def task_done(self) -> None:
        """Say that one delivered item has been worked off; `join` waits for that."""
        if self._unfinished <= len(self._entries):
            raise ValueError("task_done() called more often than items were delivered")
        self._finish()

    async def join(self) -> None:
        """Wait until every admitted item was worked off (`task_done`) or dropped."""
        while self._unfinished:
            await self._joiners.wait()

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
        self._putters.grant()  # items and grants together never exceed the bound: there is room

    def _offer_items(self) -> None:
        if self._entries:
            self._getters.grant()

    def _take(self) -> T:
        entries = self._entries
        if self._codel is not None:
            survivor = self._codel.dequeue(entries, self._drop)
            assert survivor is not None  # the last two items are never dropped
            entries.appendleft(survivor)
        standing = self._lifo and self._clock() - self._busy_since >= _STANDING_AFTER
        return (entries.pop() if standing else entries.popleft())[1]

    def _drop(self, item: T) -> None:
        self._dropped += 1
        self._finish()
        if self._on_drop is not None:
            self._on_drop(item)

    def _finish(self) -> None:
        self._unfinished -= 1
        if not self._unfinished:
            while self._joiners.grant():
                pass
