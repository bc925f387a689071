"""A connection pool small enough to be read, with the properties that production pools need.

Opening a connection costs a server process and several round trips; a pool lends a few of them to
many callers. Idle ones are lent last in, first out, so that the surplus ages and can be closed;
callers wait first in, first out, and a connection that comes back goes straight to the first in
line, so that no caller overtakes. Whatever may block (connecting, checking, rolling back, closing)
happens outside the lock.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Generic

from velvet_databases.pool_slots import Slots
from velvet_databases.pool_types import (
    C,
    Check,
    Entry,
    Leak,
    PoolStats,
    check_arguments,
    ping,
    rollback,
)

# Connections made together must not all grow old together.
LIFETIME_JITTER = 0.1
BACKGROUND_SECONDS = 1.0
CLOSE_SECONDS = 5.0


class Pool(Generic[C]):
    """Lends at most `max_size` connections; use `with pool.connection() as connection:`.

    Args:
        connect: makes a connection.
        min_size: made at once, and not closed for being idle.
        timeout: seconds that a caller waits for one.
        max_lifetime: seconds after which one is replaced, +-10 % drawn for each.
        max_idle: seconds without a borrower after which one beyond `min_size` is closed.
        check: ``none``; ``checkout``: `ping` before an idle one is lent (a round trip); or
            ``background``: a thread pings idle ones every second (a dead one may still be lent
            within that second).
        reset: what makes a returned connection as good as new; if it raises, that one is closed.
        ping: raises when the connection is dead.

    Thread-safe. Lending and returning cost O(1) under one lock. A connection belongs to one
    borrower at a time. Sources: HikariCP "About Pool Sizing"; Django and psycopg_pool manuals.

    Raises:
        ValueError: an argument is out of range; named in the message.
    """

    def __init__(
        self,
        connect: Callable[[], C],
        min_size: int = 0,
        max_size: int = 10,
        *,
        timeout: float = 30.0,
        max_lifetime: float = 3600.0,
        max_idle: float = 600.0,
        check: Check = "none",
        reset: Callable[[C], object] = rollback,
        ping: Callable[[C], object] = ping,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        times = {"timeout": timeout, "max_lifetime": max_lifetime, "max_idle": max_idle}
        check_arguments(min_size, max_size, check, times)
        self.min_size, self.max_size, self.timeout = min_size, max_size, timeout
        self._connect, self._reset, self._ping, self._clock = connect, reset, ping, clock
        self._max_lifetime, self._max_idle, self._check = max_lifetime, max_idle, check
        self._random = rng or random.Random()
        self._slots: Slots[C] = Slots(max_size, clock)
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="pool-keeper", daemon=True)
        try:
            self.maintain()
        except BaseException:
            self.close()
            raise
        if check == "background":
            self._keeper.start()

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[C]:
        """Lend a connection for the length of a `with` block; arguments as for `checkout`."""
        connection = self.checkout(timeout)
        try:
            yield connection
        finally:
            self.checkin(connection)

    def checkout(self, timeout: float | None = None) -> C:
        """Lend a connection; it has to come back through `checkin`.

        Raises:
            ValueError: a negative timeout.
            PoolTimeout: none came free within `timeout` seconds (the pool's by default).
            PoolClosed: the pool is closed.
        """
        patience = self.timeout if timeout is None else timeout
        if not patience >= 0.0:
            raise ValueError(f"timeout must be seconds >= 0, not {patience!r}")
        entry = self._checked(self._slots.take(patience)) or self._make()
        entry.borrowed(self._clock(), sys._getframe(1))
        self._slots.lend(entry)
        return entry.connection

    def checkin(self, connection: C) -> None:
        """Take a connection back, reset it, and hand it to the first in line.

        Raises:
            ValueError: it is not one that this pool has lent, or it came back already.
        """
        entry = self._slots.returned(connection)
        try:
            self._reset(connection)
        except Exception:  # noqa: BLE001 - whatever it was, no caller may have this connection
            self._discard(entry)
            return
        except BaseException:
            self._discard(entry)
            raise
        entry.stack = None
        entry.idle_since = self._clock()
        if entry.expires <= entry.idle_since:
            self._discard(entry)
        else:
            self._give(entry)
        self._close_surplus()

    def maintain(self) -> None:
        """Close what is old, long idle or (unless `check` is ``none``) dead; refill to `min_size`.

        Call it now and then where no background thread does. Raises what `connect` raises.
        """
        self._close_surplus()
        for entry in self._slots.idle():
            if self._slots.withdraw(entry):
                if self._fit(entry, ask=self._check != "none"):
                    self._give(entry)
                else:
                    self._discard(entry)
        while self._slots.reserve(self.min_size):
            entry = self._make()
            entry.idle_since = self._clock()
            self._give(entry)

    def stats(self) -> PoolStats:
        """Return one consistent reading."""
        return self._slots.stats

    def leaks(self, older_than_s: float) -> list[Leak]:
        """Return who has a connection for longer than that, the oldest first."""
        now = self._clock()
        found = (Leak.of(entry, now) for entry in self._slots.lent())
        old = [leak for leak in found if leak.age_s > older_than_s]
        return sorted(old, key=lambda leak: -leak.age_s)

    def close(self) -> None:
        """Close idle connections and refuse callers; lent ones are closed when they come back.

        Waits at most a few seconds for a background ping in flight. Safe to call twice.
        """
        self._ended.set()
        for entry in self._slots.close():
            with suppress(Exception):
                entry.connection.close()
        if self._keeper.is_alive():
            self._keeper.join(CLOSE_SECONDS)

    def __enter__(self) -> Pool[C]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self) -> Entry[C]:
        """Connect in a slot that is ours, or release it."""
        try:
            connection = self._connect()
        except BaseException:
            self._slots.release()
            raise
        jitter = self._random.uniform(1 - LIFETIME_JITTER, 1 + LIFETIME_JITTER)
        return Entry(connection, self._clock() + self._max_lifetime * jitter)

    def _checked(self, entry: Entry[C] | None) -> Entry[C] | None:
        """Return it if it may be lent; else its slot is free for a new one."""
        if entry is None:
            return None
        try:
            if self._fit(entry, ask=self._check == "checkout"):
                return entry
        except BaseException:  # interrupted while it asked
            self._discard(entry)
            raise
        self._shut(entry)
        return None

    def _fit(self, entry: Entry[C], *, ask: bool) -> bool:
        """Whether an idle connection may be lent: young enough, and alive if we `ask` it."""
        if entry.expires <= self._clock():
            return False
        try:
            if ask:
                self._ping(entry.connection)
        except Exception:  # noqa: BLE001 - each driver has its own words for a dead connection
            return False
        return True

    def _give(self, entry: Entry[C]) -> None:
        if not self._slots.give(entry):
            self._shut(entry)
            self._slots.release()

    def _shut(self, entry: Entry[C]) -> None:
        self._slots.count_discarded()
        with suppress(Exception):  # it may be the corpse of a connection
            entry.connection.close()

    def _discard(self, entry: Entry[C]) -> None:
        self._shut(entry)
        self._slots.release()

    def _close_surplus(self) -> None:
        since = self._clock() - self._max_idle
        while (entry := self._slots.longest_idle(since, self.min_size)) is not None:
            self._discard(entry)

    def _keep(self) -> None:
        while not self._ended.wait(BACKGROUND_SECONDS):
            with suppress(Exception):  # the server may be away; it is asked again in a second
                self.maintain()
