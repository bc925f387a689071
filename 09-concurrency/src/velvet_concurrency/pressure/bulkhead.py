"""Waiting in turn, and the bulkhead: one slow dependency may fill its own compartment, not the ship.

Without a bulkhead every task of a service ends up waiting for whatever answers slowest. `max_concurrent`
calls run, `max_waiting` more wait in turn for at most `timeout` seconds, all others are refused at once.
Underneath stands `WaitQueue`, in which a grant is never lost. The classic leak: a waiter is woken and
cancelled in the same moment, and the slot it was woken for belongs to no task.
Source: M. Nygard, "Release It!", "Bulkheads"; Azure Architecture Center, "Bulkhead pattern".
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from velvet_concurrency.runtime import check_int


class WaitQueue:
    """Tasks of one event loop waiting their turn; not thread-safe. All operations O(1), leaving early O(n).

    A grant stays counted in `granted` until its task resumes; if the task is cancelled instead,
    `on_abandoned()` is called, so that the owner can grant the next one.
    """

    __slots__ = ("_on_abandoned", "_waiters", "granted")

    def __init__(self, on_abandoned: Callable[[], object]) -> None:
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._on_abandoned = on_abandoned
        self.granted = 0  # woken, not yet resumed

    def __len__(self) -> int:
        return len(self._waiters)

    async def wait(self, timeout: float | None = None, *, first: bool = False) -> None:
        """Wait for a grant, at the head of the queue when `first`; `TimeoutError` after `timeout` s."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        timer = None if timeout is None else loop.call_later(timeout, self._expire, future)
        if first:
            self._waiters.appendleft(future)
        else:
            self._waiters.append(future)
        try:
            await future
        except BaseException:
            if future.cancelled() or future.exception() is not None:
                with contextlib.suppress(ValueError):
                    self._waiters.remove(future)
            else:
                self.granted -= 1
                self._on_abandoned()
            raise
        finally:
            if timer is not None:
                timer.cancel()
        self.granted -= 1

    def grant(self) -> bool:
        """Wake the first that still waits; return whether there was one."""
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                future.set_result(None)
                self.granted += 1
                return True
        return False

    def dismiss(self, error: Callable[[], Exception]) -> None:
        """Wake every waiter with an error of its own."""
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                future.set_exception(error())

    @staticmethod
    def _expire(future: asyncio.Future[None]) -> None:
        if not future.done():
            future.set_exception(TimeoutError())


class BulkheadFull(Exception):
    """No slot is free, and the queue is full or the wait was too long."""


@dataclass(frozen=True)
class BulkheadStats:
    """`running` and `waiting` now; `admitted` and `refused` since the start."""

    running: int
    waiting: int
    admitted: int
    refused: int


class Bulkhead:
    """`async with bulkhead:` holds one of `max_concurrent` slots; first come, first served.

    Arguments: `max_waiting` callers may wait (0: refuse when busy) for `timeout` seconds (None: for ever).
    Entering raises `BulkheadFull`. A cancelled waiter takes no slot with it. For the tasks of one event
    loop, not thread-safe. O(1). Raises `ValueError` for a bound out of range.
    """

    def __init__(
        self, max_concurrent: int, max_waiting: int = 0, *, timeout: float | None = None
    ) -> None:
        check_int("max_concurrent", max_concurrent, 1)
        check_int("max_waiting", max_waiting, 0)
        if timeout is not None and not timeout > 0.0:
            raise ValueError(f"timeout must be > 0 seconds or None, not {timeout!r}")
        self._max_concurrent = max_concurrent
        self._max_waiting = max_waiting
        self._timeout = timeout
        # Running calls and grants together never exceed the bound: where one ends, a slot is free.
        self._waiting = WaitQueue(self._next)
        self._running = self._admitted = self._refused = 0

    @property
    def stats(self) -> BulkheadStats:
        """One consistent reading."""
        return BulkheadStats(self._running, len(self._waiting), self._admitted, self._refused)

    async def __aenter__(self) -> None:
        if self._running + self._waiting.granted >= self._max_concurrent:
            if len(self._waiting) >= self._max_waiting:
                self._refused += 1
                raise BulkheadFull(f"{self._running} calls run and {len(self._waiting)} wait")
            try:
                await self._waiting.wait(self._timeout)
            except TimeoutError:
                self._refused += 1
                raise BulkheadFull(f"no slot within {self._timeout} s") from None
        self._running += 1
        self._admitted += 1

    async def __aexit__(self, *_: object) -> None:
        self._running -= 1
        self._next()

    def _next(self) -> None:
        self._waiting.grant()
