"""Two ways to give work a fixed shape: a row of stages, and an actor with a mailbox.

A pipeline keeps each resource busy (download, parse, store) without letting the fast stage bury the slow one:
every stage holds a bounded number of items and pulls the next only when there is room. An actor owns its state
and handles one message at a time, so the state needs no lock; when handling fails, the state is thrown away
and made anew, a limited number of times ("let it crash": J. Armstrong, "Making reliable distributed systems in the
presence of software errors", 2003).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from velvet_concurrency.pressure import AdmissionQueue, QueueClosed
from velvet_concurrency.runtime import check_int
from velvet_concurrency.structured import amap, reap, timeout

M = TypeVar("M")
R = TypeVar("R")


@dataclass(frozen=True)
class Stage:
    """One step: `workers` calls of `fn` at once, and up to `buffer` more items held before or after them.

    Raises `ValueError` unless `workers` >= 1 and `buffer` >= 0.
    """

    fn: Callable[[Any], Awaitable[Any]]
    workers: int = 1
    buffer: int = 0

    def __post_init__(self) -> None:
        check_int("workers", self.workers, 1)
        check_int("buffer", self.buffer, 0)


class Pipeline:
    """Stages in a row, each feeding the next; results come out in the order of the source.

    When a stage fails on an item, everything behind that item is cancelled and the source is read no further;
    the items before it are delivered, then one `ExceptionGroup` is raised. The end of the source passes through in
    the same order. Raises `ValueError` without a stage. May be run many times, also at once.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        if not stages:
            raise ValueError("a pipeline needs at least one stage")
        self._stages = tuple(stages)

    def run(self, source: Iterable[Any] | AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
        """Yield what the last stage returns; leave early only under `contextlib.aclosing`.

        At most the sum of all `workers` and `buffer` items is between source and consumer.
        """
        first, *others = self._stages
        stream = amap(first.fn, source, first.workers, buffer=first.buffer)
        for stage in others:
            stream = amap(stage.fn, stream, stage.workers, buffer=stage.buffer)
        return stream


class ActorStopped(Exception):
    """The actor takes no more messages; `__cause__` is the error that stopped it, if one did."""


class Actor(Generic[M, R]):
    """`async with Actor(make) as actor:` one message at a time, state private to the handler.

    Arguments: `make()` returns a fresh handler (a coroutine function, its state in a closure or an object);
    `mailbox` messages may wait, then `tell` and `ask` wait too; after `max_restarts` new handlers the next error stops
    the actor. So does at once an error of `make`, and a handler that is cancelled or ends with another
    `BaseException`. Leaving the block handles what is in the mailbox first; an actor that stopped early raises
    `ActorStopped` there. A message whose asker has gone is skipped. An error without an asker goes to the loop's
    exception handler. For the tasks of one event loop. A handler must not ask its own actor.
    Raises `ValueError` for `mailbox` < 1 or `max_restarts` < 0.
    """

    def __init__(
        self,
        make: Callable[[], Callable[[M], Awaitable[R]]],
        *,
        mailbox: int = 100,
        max_restarts: int = 3,
    ) -> None:
        check_int("mailbox", mailbox, 1)
        check_int("max_restarts", max_restarts, 0)
        self.restarts = 0
        self._make = make
        self._max_restarts = max_restarts
        self._mailbox: AdmissionQueue[tuple[M, asyncio.Future[R] | None]] = AdmissionQueue(mailbox)
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Actor[M, R]:
        if self._task is not None:
            raise RuntimeError("an actor is entered once: make another one")
        self._task = asyncio.create_task(self._live())
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        assert self._task is not None
        self._mailbox.close()
        try:
            if error is None:
                await asyncio.wait((self._task,))
        finally:
            await reap((self._task,))
        if error is None and self._error is not None:
            raise self._stopped() from self._error

    async def tell(self, message: M) -> None:
        """Put a message into the mailbox, waiting for room; raises `ActorStopped`."""
        await self._post(message, None)

    async def ask(self, message: M, *, timeout_s: float | None = None) -> R:
        """Send a message and return what the handler returns, or raise what it raises.

        Raises `TimeoutError` after `timeout_s` seconds (None: never), `ActorStopped` when it will not be handled,
        `ValueError` for NaN.
        """
        if timeout_s is not None and math.isnan(timeout_s):
            raise ValueError("timeout_s must be a number or None, not nan")
        reply: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        try:
            async with timeout(timeout_s):
                await self._post(message, reply)
                return await reply
        finally:
            if not reply.cancel() and not reply.cancelled():
                reply.exception()  # seen, also when the asker was cancelled at this very moment

    async def _post(self, message: M, reply: asyncio.Future[R] | None) -> None:
        try:
            await self._mailbox.put((message, reply))
        except QueueClosed:
            raise self._stopped() from self._error

    def _stopped(self) -> ActorStopped:
        if self._error is None:
            return ActorStopped("the actor has stopped: it was closed")
        stopped = ActorStopped(
            f"the actor has stopped after {self.restarts} restarts: {self._error!r}"
        )
        stopped.__cause__ = self._error
        return stopped

    async def _live(self) -> None:
        reply: asyncio.Future[R] | None = None
        try:
            handle = self._make()
            while True:
                reply = None
                message, reply = await self._mailbox.get()
                if reply is not None and reply.done():
                    continue
                try:
                    result = await handle(message)
                except Exception as error:  # noqa: BLE001 - any error taints the state
                    self._report(error, reply)
                    if self.restarts == self._max_restarts:
                        self._error = error
                        return
                    self.restarts += 1
                    handle = self._make()
                else:
                    if reply is not None and not reply.done():
                        reply.set_result(result)
        except QueueClosed:
            return
        except Exception as error:  # noqa: BLE001 - of `make`; each asker is told
            self._error = error
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._abandon(reply)

    def _report(self, error: Exception, reply: asyncio.Future[R] | None) -> None:
        if reply is None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "an actor failed on a told message", "exception": error}
            )
        elif not reply.done():
            reply.set_exception(error)

    def _abandon(self, current: asyncio.Future[R] | None) -> None:
        """Answer the message that was being handled and all that wait, so that no asker is stranded."""
        self._mailbox.close()
        replies = [current]
        while len(self._mailbox):
            replies.append(self._mailbox.get_nowait()[1])
        for reply in replies:
            if reply is not None and not reply.done():
                reply.set_exception(self._stopped())
