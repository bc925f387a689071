"""The book-keeping of a pool: which connection is whose, and who is in line.

Every decision is taken under one lock in a few lines, and nothing here blocks on a server. A
connection has one owner, or is idle; it changes hands by one assignment to `Entry.owner`. So an
interrupt (Ctrl-C arrives between any two steps of Python) can leave a queue stale, and never a
connection without an owner: `reclaim` finds whatever the interrupted operation still had.
"""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from traceback import FrameSummary, StackSummary
from types import FrameType
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakSet

STACK_DEPTH = 12
# `with pool.connection()` passes through these before it reaches the borrower.
_WITHIN = ("velvet_databases.pool", contextlib.__name__)


class Connection(Protocol):
    """The part of DB-API 2.0 (PEP 249) that a pool needs."""

    def rollback(self) -> object: ...
    def close(self) -> object: ...


C = TypeVar("C", bound=Connection)


class PoolTimeout(TimeoutError):
    """No connection came free, or could be made, in time.

    Attributes:
        waited: seconds.
        size: connections that the pool had or was making; `in_use` of them were with callers, and
            `by_this_thread` with the one refused.
    """

    def __init__(self, waited: float, size: int, in_use: int, by_this_thread: int = 0) -> None:
        self.waited, self.size, self.in_use = waited, size, in_use
        self.by_this_thread = by_this_thread
        text = f"no connection within {waited:.2f} s: {in_use} of {size} in use"
        if by_this_thread:
            text += (
                f", {by_this_thread} in use by this thread; return the first before asking again"
            )
        super().__init__(text)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class PoolClosed(RuntimeError):
    """The pool was closed, before or while a caller waited."""


@dataclass(frozen=True)
class PoolStats:
    """One consistent reading.

    Attributes:
        size: connections that exist or are being made.
        idle: those that are not lent.
        waiting: callers in line now.
        waits: callers that had to wait since the start, for `wait_seconds_total` in all.
        timeouts: callers that were refused after waiting.
        discarded: connections closed because they were dead, old, idle for long or broken.
    """

    size: int
    idle: int
    waiting: int
    waits: int
    wait_seconds_total: float
    timeouts: int
    discarded: int


@dataclass(eq=False)
class Entry(Generic[C]):
    """One connection and what the pool knows of it; times are readings of the pool's clock.

    Attributes:
        owner: a `Waiter` while it is lent, the token of an operation that works on it, or None.
        fresh: made for a caller in line and handed to it at once: needs no check.
    """

    connection: C
    expires: float
    owner: object = None
    fresh: bool = True
    idle_since: float = 0.0
    taken: float = 0.0
    thread: int = 0
    thread_name: str = ""
    stack: StackSummary | None = None

    def borrowed(self, now: float, frame: FrameType | None) -> None:
        """Note who has it: the thread, and the stack from the first frame outside the pool."""
        while frame is not None and frame.f_globals.get("__name__") in _WITHIN:
            frame = frame.f_back
        thread, self.fresh = threading.current_thread(), False
        self.taken, self.thread, self.thread_name = now, thread.ident or 0, thread.name
        walked = traceback.walk_stack(frame)
        # Source lines are read when a leak is shown.
        self.stack = StackSummary.extract(walked, limit=STACK_DEPTH, lookup_lines=False)

    def leak(self, now: float) -> Leak:
        """Describe a connection that is lent."""
        return Leak(now - self.taken, self.thread_name, tuple(reversed(self.stack or ())))


@dataclass(frozen=True)
class Leak:
    """A connection that is lent for long: for how many seconds, and where it was taken."""

    age_s: float
    thread: str
    stack: tuple[FrameSummary, ...]


@dataclass(eq=False)
class Waiter(Generic[C]):
    """A caller; it is woken with a connection, with the error of connecting, or by the end."""

    woken: threading.Event = field(default_factory=threading.Event)
    entry: Entry[C] | None = None
    error: BaseException | None = None

    @property
    def served(self) -> bool:
        """Whether a connection is its own."""
        return self.entry is not None and self.entry.owner is self


class Slots(Generic[C]):
    """`max_size` slots, the connections in them, and the line; thread-safe.

    An operation is known by its token: a `Waiter` for a caller that borrows, any object for others.
    """

    def __init__(self, max_size: int, clock: Callable[[], float]) -> None:
        self._max_size, self._clock = max_size, clock
        self._lock = threading.Lock()
        self._entries: dict[int, Entry[C]] = {}
        self._making: set[object] = set()  # the tokens of those that are connecting
        self._idle: deque[Entry[C]] = deque()  # the last one is lent first
        self._line: deque[Waiter[C]] = deque()
        self._waits = self._timeouts = self._discarded = 0
        self._waited = 0.0
        self._closed = False
        _ALL.add(self)

    def forget(self) -> None:
        """Let go of what is the parent's, in a process that was forked.

        To close one of its connections here would end it there, too, so they are kept unused.
        """
        self._lock = threading.Lock()  # another thread may have had it when the process was forked
        for entry in self._entries.values():
            entry.owner = None
            _INHERITED.append(entry.connection)
        self._entries, self._making = {}, set()
        self._idle, self._line = deque(), deque()

    def _size(self) -> int:
        return len(self._entries) + len(self._making)

    def stats(self) -> PoolStats:
        with self._lock:
            now = self._size(), len(self._idle), len(self._line)
            return PoolStats(*now, self._waits, self._waited, self._timeouts, self._discarded)

    def ask(self, waiter: Waiter[C], *, again: bool = False) -> bool:
        """Give a caller an idle connection and return True, or put it in line.

        One that is served `again`, because its connection was dead, keeps its place at the head.
        """
        with self._lock:
            if self._closed:
                raise PoolClosed("the pool is closed")
            while self._idle:
                entry = self._idle[-1]
                if entry.owner is None:
                    waiter.entry = entry
                    entry.owner = waiter
                del self._idle[-1]
                if entry.owner is waiter:
                    return True
            waiter.entry, waiter.error = None, None
            waiter.woken.clear()
            self._line.insert(0 if again else len(self._line), waiter)
            self._waits += not again
            return False

    def wait(self, waiter: Waiter[C], timeout: float) -> None:
        """Wait in line until served; raises what connecting raised, too."""
        began = self._clock()
        waiter.woken.wait(min(float(timeout), threading.TIMEOUT_MAX))
        with self._lock:
            waited = self._clock() - began
            self._waited += waited
            if waiter.served:
                return
            if waiter.error is not None:
                raise waiter.error
            if self._closed:
                raise PoolClosed("the pool was closed while this caller waited")
            self._timeouts += 1
            lent = [entry for entry in self._entries.values() if isinstance(entry.owner, Waiter)]
            me = threading.get_ident()
            mine = sum(entry.thread == me for entry in lent)
            raise PoolTimeout(waited, self._size(), len(lent), mine)

    def claim(self, token: object, least: int | None = None) -> bool:
        """Take a slot to connect in: for a caller in line, or while fewer than `least` are taken."""
        with self._lock:
            limit = self._max_size if least is None else least
            idle_makers = least is None and len(self._making) >= len(self._line)
            if self._closed or idle_makers or self._size() >= limit:
                return False
            self._making.add(token)
            return True

    def enter(self, token: object, entry: Entry[C]) -> bool:
        """Put a new connection into the slot that was claimed; False when it is no longer."""
        with self._lock:
            if self._closed or token not in self._making:
                self._making.discard(token)
                return False
            entry.owner = token
            self._entries[id(entry.connection)] = entry
            self._making.discard(token)
            return True

    def failed(self, token: object, error: BaseException) -> None:
        """Give up a slot in which connecting failed; the first in line hears why."""
        with self._lock:
            self._making.discard(token)
            while self._line:
                waiter = self._line.popleft()
                waiter.error = None if waiter.served else error
                waiter.woken.set()
                if waiter.error is not None:
                    return

    def give(self, entry: Entry[C]) -> bool:
        """Hand a connection to the first in line, or keep it idle; False when closed."""
        with self._lock:
            if self._closed:
                return False
            while self._line:
                waiter = self._line[0]
                if not waiter.served:
                    waiter.entry = entry
                    entry.owner = waiter
                del self._line[0]
                waiter.woken.set()
                if entry.owner is waiter:
                    return True
            self._idle.append(entry)
            entry.fresh, entry.owner = False, None
            return True

    def remove(self, entry: Entry[C], *, discarded: bool = True) -> None:
        """Free the slot of a connection that was closed."""
        with self._lock:
            known = self._entries.pop(id(entry.connection), None)
            self._discarded += discarded and known is not None
            entry.owner = None
            if entry in self._idle:  # stale after an interrupt
                self._idle.remove(entry)

    def returned(self, connection: C, token: object) -> Entry[C]:
        """Take a connection from its borrower; raises `ValueError` where it was not lent."""
        with self._lock:
            entry = self._entries.get(id(connection))
            if entry is None or not isinstance(entry.owner, Waiter):
                raise ValueError("this connection is not lent by this pool; was it returned twice?")
            entry.owner = token
            return entry

    def lent(self) -> list[Entry[C]]:
        """Return those that are lent."""
        with self._lock:
            lent = [one for one in self._entries.values() if isinstance(one.owner, Waiter)]
        return [one for one in lent if one.stack is not None]

    def longest_idle(self, since: float, more_than: int, token: object) -> Entry[C] | None:
        """Take out the one idle for longest, if that began by `since` and size > `more_than`."""
        with self._lock:
            if not self._idle or self._size() <= more_than or self._idle[0].idle_since > since:
                return None
            entry = self._idle[0]
            entry.owner = token
            del self._idle[0]
            return entry

    def reclaim(self, token: object) -> list[Entry[C]]:
        """Return what an operation that did not end still has; it leaves the line, and its slot."""
        with self._lock:
            self._making.discard(token)
            for waiter in [one for one in self._line if one is token or one.served]:
                self._line.remove(waiter)
                waiter.woken.set()
            mine = [entry for entry in self._entries.values() if entry.owner is token]
            for entry in mine:
                if entry in self._idle:
                    self._idle.remove(entry)
            return mine

    def close(self) -> list[Entry[C]]:
        """Refuse every caller from now on, wake the line; return the idle ones, to be removed."""
        with self._lock:
            self._closed = True
            idle = [entry for entry in self._entries.values() if entry.owner is None]
            self._idle.clear()
            for waiter in self._line:
                waiter.woken.set()
            self._line.clear()
        return idle


_ALL: WeakSet[Slots[Any]] = WeakSet()
_INHERITED: list[object] = []


def _forget_all() -> None:
    for slots in _ALL:
        slots.forget()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_forget_all)
