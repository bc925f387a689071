"""A connection pool small enough to be read, with the properties that production pools need.

Opening a connection costs a server process and several round trips; a pool lends a few of them to
many callers. Idle ones are lent last in, first out, so that the surplus ages and can be closed;
callers wait first in, first out, and a connection that comes back goes straight to the first in
line. Connecting happens in a thread of its own while the caller stands in line, so that a slow
server costs no caller more than its timeout. Whatever may block (checking, rolling back, closing)
happens outside the lock, and whatever is interrupted gives back what it had.
"""

from __future__ import annotations

import math
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, Literal, get_args

from velvet_databases.pool_slots import (
    C,
    Connection,
    Entry,
    Leak,
    PoolClosed,
    PoolStats,
    PoolTimeout,
    Slots,
    Waiter,
)

__all__ = ["Check", "Leak", "Pool", "PoolClosed", "PoolStats", "PoolTimeout", "ping", "rollback"]

Check = Literal["none", "checkout"]
# Connections made together must not all grow old together.
LIFETIME_JITTER = 0.1
CLOSE_SECONDS = 5.0


def rollback(connection: Connection) -> None:
    """Leave whatever transaction the borrower left open."""
    connection.rollback()


def ping(connection: Any) -> None:
    """Ask the server for a sign of life; raises whatever the driver raises when there is none."""
    connection.execute("SELECT 1")
    connection.rollback()


class Pool(Generic[C]):
    """Lends at most `max_size` connections; use `with pool.connection() as connection:`.

    Args:
        connect: makes a connection.
        min_size: made at once, and not closed for being idle.
        timeout: seconds that a caller waits for one that is free, or new.
        max_lifetime: seconds after which one is replaced, +-10 % drawn for each.
        max_idle: seconds without a borrower after which one beyond `min_size` is closed.
        check: ``none``; or ``checkout``: `ping` before an idle one is lent (a round trip).
        reset: what makes a returned connection as good as new; if it raises, that one is closed.
        ping: raises when the connection is dead; has to bound its own waiting.

    Thread-safe. Lending and returning cost O(1) under one lock. A connection belongs to one
    borrower at a time, and to one process: a forked one begins with an empty pool. Sources:
    HikariCP "About Pool Sizing"; Django and psycopg_pool manuals.

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
        _check_arguments(min_size, max_size, check)
        _check_seconds(timeout=timeout, max_lifetime=max_lifetime, max_idle=max_idle)
        self.min_size, self.max_size, self.timeout = min_size, max_size, timeout
        self._connect, self._reset, self._ping, self._clock = connect, reset, ping, clock
        self._max_lifetime, self._max_idle, self._check = max_lifetime, max_idle, check
        self._random = rng or random.Random()
        self._slots: Slots[C] = Slots(max_size, clock)
        self._makers: set[threading.Thread] = set()
        me = object()
        try:
            while self._slots.claim(me, min_size):
                self._enter(me, self._connected())
        except BaseException:
            self._discard_all_of(me)
            self.close()
            raise

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[C]:
        """Lend a connection for the length of a `with` block; arguments as for `checkout`."""
        waiter: Waiter[C] = Waiter()
        try:
            yield self._checkout(waiter, timeout)
        finally:
            try:
                if waiter.served and waiter.entry is not None:
                    self.checkin(waiter.entry.connection)
            except BaseException:
                self._discard_all_of(waiter)
                raise

    def checkout(self, timeout: float | None = None) -> C:
        """Lend a connection; it has to come back through `checkin`.

        Raises:
            ValueError: a negative timeout.
            PoolTimeout: none came free or was made within `timeout` seconds (the pool's by default).
            PoolClosed: the pool is closed.
            Exception: what `connect` raised for this caller.
        """
        return self._checkout(Waiter(), timeout)

    def _checkout(self, waiter: Waiter[C], timeout: float | None) -> C:
        patience = self.timeout if timeout is None else timeout
        _check_seconds(timeout=patience)
        try:
            began, again = self._clock(), False
            while True:
                if not self._slots.ask(waiter, again=again):
                    self._connect_for_the_line()
                    self._slots.wait(waiter, max(0.0, began + patience - self._clock()))
                entry = waiter.entry
                assert entry is not None
                if self._fit(entry):
                    entry.borrowed(self._clock(), sys._getframe(1))
                    return entry.connection
                self._discard(entry)
                again = True
        except BaseException:
            for left in self._slots.reclaim(waiter):
                self._give(left)
            raise

    def checkin(self, connection: C) -> None:
        """Take a connection back, reset it, and hand it to the first in line.

        Raises:
            ValueError: it is not one that this pool has lent, or it came back already.
        """
        me = object()
        try:
            entry = self._slots.returned(connection, me)
            try:
                self._reset(connection)
            except Exception:  # noqa: BLE001 - whatever it was, no caller may have this connection
                self._discard(entry)
                return
            entry.stack, entry.idle_since = None, self._clock()
            if entry.expires <= entry.idle_since:
                self._discard(entry)
            else:
                self._give(entry)
            self._close_surplus(me)
        except BaseException:
            self._discard_all_of(me)
            raise

    def stats(self) -> PoolStats:
        """Return one consistent reading."""
        return self._slots.stats()

    def leaks(self, older_than_s: float) -> list[Leak]:
        """Return who has a connection for longer than that, the oldest first."""
        _check_seconds(older_than_s=older_than_s)
        now = self._clock()
        leaks = (entry.leak(now) for entry in self._slots.lent())
        old = [leak for leak in leaks if leak.age_s > older_than_s]
        return sorted(old, key=lambda leak: -leak.age_s)

    def close(self) -> None:
        """Close idle connections and refuse callers; lent ones are closed when they come back.

        Waits at most a few seconds for a connect in flight. Safe to call twice.
        """
        for entry in self._slots.close():
            with suppress(Exception):
                entry.connection.close()
            self._slots.remove(entry, discarded=False)
        for thread in list(self._makers):
            if thread.is_alive():
                thread.join(CLOSE_SECONDS)

    def __enter__(self) -> Pool[C]:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.close()
        except KeyboardInterrupt:
            self.close()  # the rest of them
            raise

    def _connect_for_the_line(self) -> None:
        """Connect in threads, one for each caller in line and free slot."""
        while True:
            claim = object()
            try:
                if not self._slots.claim(claim):
                    return
                maker = threading.Thread(
                    target=self._make, args=(claim,), name="pool-connect", daemon=True
                )
                self._makers.add(maker)
                maker.start()
            except BaseException:
                self._slots.reclaim(claim)
                raise

    def _make(self, claim: object) -> None:
        try:
            entry = self._connected()
        except BaseException as error:  # noqa: BLE001 - raised by the caller that stands first
            self._slots.failed(claim, error)
            self._connect_for_the_line()
        else:
            self._enter(claim, entry)
        finally:
            self._makers.discard(threading.current_thread())

    def _connected(self) -> Entry[C]:
        connection = self._connect()
        now = self._clock()
        jitter = self._random.uniform(1 - LIFETIME_JITTER, 1 + LIFETIME_JITTER)
        return Entry(connection, now + self._max_lifetime * jitter, idle_since=now)

    def _enter(self, claim: object, entry: Entry[C]) -> None:
        if self._slots.enter(claim, entry):
            self._give(entry)
        else:
            entry.connection.close()

    def _fit(self, entry: Entry[C]) -> bool:
        """Whether an idle connection may be lent: young enough, and alive if it is asked."""
        if entry.fresh:
            return True
        if entry.expires <= self._clock():
            return False
        try:
            if self._check == "checkout":
                self._ping(entry.connection)
        except Exception:  # noqa: BLE001 - each driver has its own words for a dead connection
            return False
        except BaseException:  # interrupted: the answer may still be on its way
            self._discard(entry)
            raise
        return True

    def _give(self, entry: Entry[C]) -> None:
        if not self._slots.give(entry):
            self._discard(entry)

    def _discard(self, entry: Entry[C]) -> None:
        entry.fresh, entry.expires = False, -math.inf  # should this be interrupted half-way
        with suppress(Exception):  # it may be the corpse of a connection
            entry.connection.close()
        self._slots.remove(entry)
        self._connect_for_the_line()

    def _discard_all_of(self, token: object) -> None:
        for entry in self._slots.reclaim(token):
            self._discard(entry)
        self._connect_for_the_line()

    def _close_surplus(self, token: object) -> None:
        since = self._clock() - self._max_idle
        while entry := self._slots.longest_idle(since, self.min_size, token):
            self._discard(entry)


def _check_arguments(min_size: int, max_size: int, check: str) -> None:
    for name, count, least in (("max_size", max_size, 1), ("min_size", min_size, 0)):
        if isinstance(count, bool) or not isinstance(count, int) or count < least:
            raise ValueError(f"{name} must be a whole number >= {least}, not {count!r}")
    if min_size > max_size:
        raise ValueError(f"min_size {min_size} is more than max_size {max_size}")
    if check not in get_args(Check):
        raise ValueError(f"check must be one of {', '.join(get_args(Check))}, not {check!r}")


def _check_seconds(**times: float) -> None:
    for name, seconds in times.items():
        if not seconds >= 0.0:
            raise ValueError(f"{name} must be seconds >= 0, not {seconds!r}")
