"""The book-keeping of a pool: who has what, who is in line; nothing here ever blocks on a server.

Kept apart from the connecting and checking so that every decision is taken under one lock in a
few lines. Two invariants carry it: while a caller waits nothing is idle and no slot is free,
because both go to the first in line; and a slot (the right to have a connection) is released by
whoever closes the connection, also when connecting failed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic

from velvet_databases.pool_types import C, Entry, PoolClosed, PoolStats, PoolTimeout, Waiter


class Slots(Generic[C]):
    """`max_size` slots, the idle and the lent connections in them, and the line; thread-safe."""

    def __init__(self, max_size: int, clock: Callable[[], float]) -> None:
        self._max_size, self._clock = max_size, clock
        self._lock = threading.Lock()
        self._idle: deque[Entry[C]] = deque()  # the last one is lent first
        self._busy: dict[int, Entry[C]] = {}
        self._line: deque[Waiter[C]] = deque()
        self._size = self._waits = self._timeouts = self._discarded = 0
        self._waited = 0.0
        self._closed = False

    @property
    def stats(self) -> PoolStats:
        """One consistent reading."""
        with self._lock:
            return PoolStats(
                size=self._size,
                idle=len(self._idle),
                waiting=len(self._line),
                waits=self._waits,
                wait_seconds_total=self._waited,
                timeouts=self._timeouts,
                discarded=self._discarded,
            )

    def take(self, timeout: float) -> Entry[C] | None:
        """Return an idle connection, or None: a slot in which the caller has to connect.

        Raises:
            PoolTimeout, PoolClosed: neither came, after waiting in line.
        """
        with self._lock:
            if self._closed:
                raise PoolClosed("the pool is closed")
            if self._idle:
                return self._idle.pop()
            if self._size < self._max_size:
                self._size += 1
                return None
            waiter: Waiter[C] = Waiter()
            self._line.append(waiter)
            self._waits += 1
        began = self._clock()
        try:
            waiter.woken.wait(timeout)
        except BaseException:
            self._forget(waiter)
            raise
        return self._served(waiter, began)

    def _served(self, waiter: Waiter[C], began: float) -> Entry[C] | None:
        with self._lock:
            waited = self._clock() - began
            self._waited += waited
            if waiter.served:
                return waiter.entry
            if self._closed:
                raise PoolClosed("the pool was closed while this caller waited")
            self._line.remove(waiter)
            self._timeouts += 1
            me = threading.get_ident()
            mine = sum(entry.thread == me for entry in self._busy.values())
            raise PoolTimeout(waited, self._size, len(self._busy), mine)

    def _forget(self, waiter: Waiter[C]) -> None:
        """Take a caller that was interrupted out of the line; what it got goes to the next."""
        with self._lock:
            if waiter in self._line:
                self._line.remove(waiter)
        if waiter.entry is not None and not self.give(waiter.entry):
            waiter.entry.connection.close()
            self.release()
        elif waiter.may_connect:
            self.release()

    def give(self, entry: Entry[C]) -> bool:
        """Hand a connection to the first in line, or keep it idle; False when closed."""
        with self._lock:
            if self._closed:
                return False
            if self._line:
                waiter = self._line.popleft()
                waiter.entry = entry
                waiter.woken.set()
            else:
                self._idle.append(entry)
            return True

    def release(self) -> None:
        """Give up a slot: the first in line may connect in it."""
        with self._lock:
            if self._line:
                waiter = self._line.popleft()
                waiter.may_connect = True
                waiter.woken.set()
            else:
                self._size -= 1

    def reserve(self, wanted: int) -> bool:
        """Take a slot if fewer than `wanted` are taken."""
        with self._lock:
            if self._closed or self._size >= wanted:
                return False
            self._size += 1
            return True

    def lend(self, entry: Entry[C]) -> None:
        """Note that it is lent."""
        with self._lock:
            self._busy[id(entry.connection)] = entry

    def returned(self, connection: C) -> Entry[C]:
        """Note that it came back.

        Raises:
            ValueError: it was not lent.
        """
        with self._lock:
            entry = self._busy.pop(id(connection), None)
        if entry is None:
            raise ValueError("this connection is not lent by this pool; was it returned twice?")
        return entry

    def lent(self) -> list[Entry[C]]:
        """Return those that are lent."""
        with self._lock:
            return list(self._busy.values())

    def idle(self) -> list[Entry[C]]:
        """Return those that are idle, the one idle for longest first."""
        with self._lock:
            return list(self._idle)

    def withdraw(self, entry: Entry[C]) -> bool:
        """Take one out of the idle ones, unless another caller was faster."""
        with self._lock:
            if entry not in self._idle:
                return False
            self._idle.remove(entry)
            return True

    def longest_idle(self, since: float, more_than: int) -> Entry[C] | None:
        """Take out the one idle for longest, if that began by `since` and size > `more_than`."""
        with self._lock:
            if self._idle and self._size > more_than and self._idle[0].idle_since <= since:
                return self._idle.popleft()
            return None

    def count_discarded(self) -> None:
        """Note that a connection was closed before its time, or at its end of life."""
        with self._lock:
            self._discarded += 1

    def close(self) -> list[Entry[C]]:
        """Refuse every caller from now on, wake the line; return the idle ones."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
            self._size -= len(idle)
            for waiter in self._line:
                waiter.woken.set()
            self._line.clear()
        return idle
