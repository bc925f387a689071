"""A first-come line of waiting tasks in which a grant is never lost.

The classic leak: a waiter is woken and cancelled in the same moment, and the thing it was woken for belongs to
nobody. Here a grant stays counted in `granted` until its task resumes; if the task is cancelled instead, the
owner is told and gives it to the next in line.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable


class Line:
    """Tasks of one event loop waiting their turn; not thread-safe. All operations O(1), leaving early O(n).

    `on_abandoned()` is called when a granted task was cancelled before it could use its grant.
    """

    __slots__ = ("_on_abandoned", "_waiters", "granted")

    def __init__(self, on_abandoned: Callable[[], None]) -> None:
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._on_abandoned = on_abandoned
        self.granted = 0  # woken, not yet resumed

    def __len__(self) -> int:
        return len(self._waiters)

    async def wait(self, timeout: float | None = None, *, first: bool = False) -> None:
        """Wait for a grant, at the head of the line when `first`; `TimeoutError` after `timeout` seconds."""
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
        """Wake the first who still waits; False when nobody does."""
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                future.set_result(None)
                self.granted += 1
                return True
        return False

    def dismiss(self, error: Callable[[], Exception]) -> None:
        """Wake everybody with an error of their own."""
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                future.set_exception(error())

    @staticmethod
    def _expire(future: asyncio.Future[None]) -> None:
        if not future.done():
            future.set_exception(TimeoutError())
