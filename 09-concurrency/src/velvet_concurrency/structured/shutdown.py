"""Graceful shutdown: stop accepting, drain, cancel, and say what was cut off.

An orchestrator sends SIGTERM and kills some seconds later. A server that ignores it loses what is in flight; one
that exits at once loses it too. Here the first signal stops new work and starts a grace period, its end (or a
second signal) cancels the rest, and the report names it. Event loops of Windows have no `add_signal_handler`: there
the handler of the `signal` module passes the request to the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from velvet_concurrency.structured.mapping import reap

T = TypeVar("T")


class ShuttingDown(Exception):
    """No new work is accepted any more."""


@dataclass(frozen=True)
class ShutdownReport:
    """How it ended: `drained` tasks finished in the grace period, those named in `cut_off` were cancelled.

    `reason` is the signal's name or what `request` was told; `failed` counts tasks that raised, at any time (each
    was reported to the loop's exception handler); `seconds` is how long draining took.
    """

    reason: str
    drained: int
    cut_off: tuple[str, ...]
    failed: int
    seconds: float


class GracefulShutdown:
    """`async with GracefulShutdown(grace=5) as shutdown:` owns the tasks of a server; one event loop, main thread.

    Arguments: `grace` seconds to drain in; `signals` to listen to (give `()` outside the main thread). Leaving the
    block drains as a signal does; if the block was cancelled, the tasks are cancelled without grace.
    Afterwards `.report` holds a `ShutdownReport`. It is entered once. Raises `ValueError` for a negative or non-finite `grace`.
    """

    def __init__(
        self,
        grace: float = 10.0,
        signals: Iterable[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
    ) -> None:
        if not (math.isfinite(grace) and grace >= 0.0):
            raise ValueError(f"grace must be finite and >= 0 seconds, not {grace!r}")
        self.report: ShutdownReport | None = None
        self._grace = grace
        self._signals = tuple(signals)
        self._previous: dict[signal.Signals, Any] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reason: str | None = None
        self._failed = 0

    @property
    def requested(self) -> bool:
        """Whether new work is refused already."""
        return self._reason is not None

    async def __aenter__(self) -> GracefulShutdown:
        if self._previous or self.report is not None:
            raise RuntimeError("a GracefulShutdown is entered once: make another one")
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        try:
            for number in self._signals:
                self._listen(number)
        except BaseException:
            self._restore()
            raise
        return self

    def request(self, reason: str = "requested") -> None:
        """Begin to shut down; a second request ends the grace period. Call it in the loop's thread."""
        if self._reason is None:
            self._reason = reason
            self._stop.set()
        else:
            self._hurry.set()

    async def wait(self) -> None:
        """Return when a shutdown has been requested."""
        await self._stop.wait()

    def create_task(
        self, work: Coroutine[Any, Any, T], *, name: str | None = None
    ) -> asyncio.Task[T]:
        """Start work that the shutdown will wait for; raises `ShuttingDown` once one was requested."""
        if self.requested:
            work.close()
            raise ShuttingDown(f"shutting down ({self._reason}), no new work is accepted")
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def __aexit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        if self._reason is None:
            self.request("end of the block")
        began = self._loop.time()
        mine = set(self._tasks)
        cut_off: set[asyncio.Task[Any]] = set()
        try:
            if mine and not isinstance(error, asyncio.CancelledError):
                await self._drain(mine)
        finally:
            cut_off = {task for task in mine if not task.done()}
            try:
                await reap(cut_off)
            finally:
                self._restore()
                self.report = ShutdownReport(
                    reason=self._reason or "",
                    drained=len(mine) - len(cut_off),
                    cut_off=tuple(sorted(task.get_name() for task in cut_off)),
                    failed=self._failed,
                    seconds=self._loop.time() - began,
                )

    async def _drain(self, tasks: set[asyncio.Task[Any]]) -> None:
        everything = asyncio.ensure_future(asyncio.wait(tasks))
        hurried = asyncio.ensure_future(self._hurry.wait())
        either: set[asyncio.Future[Any]] = {everything, hurried}
        try:
            await asyncio.wait(either, timeout=self._grace, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await reap(either)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed += 1
            self._loop.call_exception_handler(
                {
                    "message": f"task {task.get_name()!r} failed",
                    "exception": task.exception(),
                    "task": task,
                }
            )

    def _listen(self, number: signal.Signals) -> None:
        previous = signal.getsignal(number)
        try:
            self._loop.add_signal_handler(number, self.request, number.name)
        except NotImplementedError:  # the event loops of Windows
            loop = self._loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self.request, number.name))
        self._previous[number] = previous

    def _restore(self) -> None:
        for number, previous in self._previous.items():
            with contextlib.suppress(NotImplementedError):  # Windows: only the next line to undo
                self._loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL if previous is None else previous)
        self._previous.clear()
