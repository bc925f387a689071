"""Ctrl-C in two stages: the first asks, the second insists.

A handler that only raises can stop a program between any two bytecodes; one that only sets a flag
cannot stop a program that does not look. `graceful` does both. A signal that is ignored when we
arrive, as in a shell's background job, stays ignored.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

# A lock that is waited for is not interrupted by Ctrl-C on Windows.
_SLICE_S = 0.1
Handler = Callable[[int, FrameType | None], Any]


class NotMainThread(RuntimeError):
    """Python delivers signals to the main thread only, so only it may install handlers."""


class Stopped(Exception):
    """A signal, `signum`, ended the work, in order or by force."""

    def __init__(self, signum: int) -> None:
        self.signum = signum

    def __str__(self) -> str:
        return f"stopped by {signal.Signals(self.signum).name}"


class CancelToken:
    """A flag with a reason (a signal's number) that a handler may set and a worker wait for.

    Thread-safe. An `Event` deadlocks when a handler sets it while its own thread is inside `wait`;
    `SimpleQueue.put` may interrupt a `get` of the same thread.
    """

    def __init__(self) -> None:
        self._wake: SimpleQueue[None] = SimpleQueue()
        self.reason: int | None = None

    def set(self, reason: int) -> None:
        """Set it; the first reason stays."""
        if self.reason is None:
            self.reason = reason
        self._wake.put(None)

    def is_set(self) -> bool:
        """Return whether stopping was asked for."""
        return self.reason is not None

    def wait(self, timeout: float) -> bool:
        """Wait at most so many seconds; return whether it is set."""
        until = time.monotonic() + timeout
        while self.reason is None and (left := until - time.monotonic()) > 0:
            try:
                self._wake.get(timeout=min(left, _SLICE_S))
            except Empty:
                continue
            # Others may be waiting for the same news.
            self._wake.put(None)
        return self.is_set()


def ending_signals() -> tuple[int, ...]:
    """Return the signals that ask a program to end on this system."""
    found = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        found.append(signal.SIGBREAK)
    return tuple(found)


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Install a handler for the ending signals that are not ignored; put the old ones back.

    Raises NotMainThread: called in another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise NotMainThread("signals reach the main thread only: use a CancelToken elsewhere")
    with ExitStack() as before:  # each is put back, also where one fails or is interrupted
        for number in ending_signals():
            old = signal.getsignal(number)
            if old is not signal.SIG_IGN:
                # A handler that was not installed from Python is None and cannot be put back.
                before.callback(signal.signal, number, signal.SIG_DFL if old is None else old)
                signal.signal(number, handler)
        yield


def stop_now(signum: int, _: FrameType | None) -> None:
    """End whatever is running, by raising `Stopped`: the handler for work that may break off."""
    raise Stopped(signum)


@contextmanager
def graceful(token: CancelToken, *, grace_s: float | None = 5.0) -> Iterator[CancelToken]:
    """Let the first signal set the token, and the second, or the end of the grace, raise `Stopped`.

    Raises NotMainThread: called in another thread.
    """
    timers: list[threading.Timer] = []

    def handler(signum: int, _: FrameType | None) -> None:
        if token.reason is not None:
            raise Stopped(token.reason)
        token.set(signum)
        if grace_s is not None:
            timer = threading.Timer(grace_s, _thread.interrupt_main, (signum,))
            timer.daemon = True
            timer.start()
            timers.append(timer)

    try:
        with handled(handler):
            yield token
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()
