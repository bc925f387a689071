"""A token bucket for coroutines: callers wait in a fair queue, and one timer serves them all.

Letting every waiter sleep for itself costs a timer each and loses the order. Here waiters stand in a
FIFO deque and a single timer is set for the moment at which the head can be served; when it fires it
serves as many as the bucket holds. No lock is held over an await: the loop runs one thing at a time, and
all state changes happen between awaits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from velvet_concurrency.clock import Clock
from velvet_concurrency.limiters.base import (
    SLACK,
    CapacityExceeded,
    checked_count,
    checked_rate,
    checked_tokens,
)


class AsyncLimiter:
    """`rate` tokens a second with bursts of up to `capacity`, awaited in order of arrival.

    `rate` is finite and above 0, `capacity` at least 1; it starts full. `clock` None is the loop's own;
    on one with an `asleep` method (a `FakeClock`) that is awaited instead of setting a timer. Raises
    `ValueError` for a broken rule.

    Belongs to the event loop that uses it first (another one gets `RuntimeError`), and is not
    thread-safe. O(1) amortised per call, O(n) memory for n waiters. A large request at the head holds
    back smaller ones behind it: none starves.

    >>> async def main() -> bool:
    ...     limiter = AsyncLimiter(rate=1, capacity=2)
    ...     async with limiter:
    ...         await limiter.acquire()
    ...     return limiter.try_acquire()
    >>> asyncio.run(main())
    False
    """

    __slots__ = (
        *("_balance", "_capacity", "_clock", "_depth", "_due", "_loop", "_now", "_rate", "_stamp"),
        *("_timer", "_waiters"),
    )

    def __init__(self, rate: float, capacity: int, *, clock: Clock | None = None) -> None:
        self._rate = checked_rate(rate)
        self._capacity = checked_count("capacity", capacity)
        self._depth = self._balance = self._capacity + SLACK
        self._clock = clock
        self._now: Clock
        self._stamp = 0.0
        self._due = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | asyncio.Task[None] | None = None
        self._waiters: deque[tuple[asyncio.Future[None], int]] = deque()

    async def acquire(self, tokens: int = 1) -> None:
        """Wait until it is this caller's turn and `tokens` are there, then take them.

        Cancelled while waiting, it takes nothing; cancelled after its tokens were granted but before
        it ran, it returns them. Either way those behind it move up.
        Raises `CapacityExceeded` at once when `tokens` is above the capacity: waiting would never end.
        """
        if type(tokens) is not int or not 0 <= tokens <= self._capacity:
            tokens = checked_tokens(tokens)
            if tokens > self._capacity:
                raise CapacityExceeded(tokens, self._capacity)
        loop = self._bound_loop()
        if tokens == 0 or (not self._waiters and self._take(tokens)):
            return
        granted = loop.create_future()
        self._waiters.append((granted, tokens))
        if len(self._waiters) == 1:
            self._set_timer(loop)
        try:
            await granted
        except BaseException:  # cancelled, or closed from outside: leave nothing behind
            unused = granted.done() and not granted.cancelled()
            granted.cancel()
            if unused:
                self._balance = min(self._depth, self._balance + tokens)
            was_head = bool(self._waiters) and self._waiters[0][0].done()
            if (unused or was_head) and not loop.is_closed():
                self._serve(loop)
            raise

    def try_acquire(self, tokens: int = 1) -> bool:
        """Take `tokens` if they are there and no caller is waiting; never waits."""
        tokens = checked_tokens(tokens)
        self._bound_loop()
        return tokens == 0 or (not self._waiters and self._take(tokens))

    def has_capacity(self, tokens: int = 1) -> bool:
        """Return whether `try_acquire(tokens)` would succeed now; takes nothing."""
        if not self.try_acquire(tokens):
            return False
        self._balance += tokens
        return True

    async def __aenter__(self) -> None:
        """Wait for one token."""
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        """Do nothing: tokens are spent, not lent."""

    def _bound_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
            self._now = loop.time if self._clock is None else self._clock
            self._stamp = self._now()
        elif self._loop is not loop:
            raise RuntimeError("this AsyncLimiter belongs to another event loop; make one per loop")
        return loop

    def _settle(self, now: float) -> None:
        if now > self._stamp:
            self._balance = min(self._depth, self._balance + (now - self._stamp) * self._rate)
            self._stamp = now

    def _take(self, tokens: int) -> bool:
        self._settle(self._now())
        if tokens <= self._balance:
            self._balance -= tokens
            return True
        return False

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake up when the bucket holds what the head wants; the state is settled."""
        self._due = self._stamp + (self._waiters[0][1] + SLACK - self._balance) / self._rate
        asleep = getattr(self._clock, "asleep", None)
        if asleep is None:
            self._timer = loop.call_later(max(0.0, self._due - self._now()), self._fire, loop)
        else:
            self._timer = loop.create_task(self._sleep_then_fire(asleep, loop))

    async def _sleep_then_fire(
        self, asleep: Callable[[float], Awaitable[None]], loop: asyncio.AbstractEventLoop
    ) -> None:
        await asleep(max(0.0, self._due - self._now()))  # the clock may have moved since
        self._timer = None  # it is this very task: it must not cancel itself
        self._fire(loop)

    def _fire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve the head, which is due by construction, and all others that can be served.

        Timers may fire a clock tick early (15.6 ms on Windows) and float rounding may leave a trace
        missing; trusting the due time instead of asking again keeps it at one wake-up per turn.
        """
        self._settle(max(self._now(), self._due))
        self._balance = max(self._balance, float(self._waiters[0][1]))
        self._serve(loop)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._settle(self._now())
        waiters = self._waiters
        while waiters:
            granted, tokens = waiters[0]
            if not granted.done():
                if tokens > self._balance:
                    self._set_timer(loop)
                    return
                self._balance -= tokens
                granted.set_result(None)
            waiters.popleft()
