"""From any thread to the one that draws, without ever blocking either.

Workers `post`; the toolkit's loop calls `drain` once a frame with a budget, so that a flood of
posts costs each frame a few milliseconds and never the frame. `Coalescer` removes most of the
flood: of all values of one key between two frames, only the newest is delivered.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Protocol

FRAME_MS = 4.0  # of the 16.7 that a frame has at 60 Hz; the toolkit needs the rest


class UiDispatcher(Protocol):
    """What workers and properties need of it."""

    def post(self, call: Callable[[], Any]) -> None:
        """Run `call` on the UI thread soon; callable from any thread."""
        ...

    def is_ui_thread(self) -> bool:
        """Whether the caller runs on the UI thread."""
        ...


class Dispatcher:
    """A queue that the thread which made it drains.

    Attributes:
        dropped: posts that came after `close`.
    """

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._queue: deque[Callable[[], Any]] = deque()
        self._owner = threading.get_ident()
        self._clock = clock
        self._closed, self.dropped = False, 0

    def post(self, call: Callable[[], Any]) -> None:
        """Queue a call, in order; dropped and counted once the window is closed."""
        if self._closed:
            self.dropped += 1
        else:
            self._queue.append(call)  # a deque's append is atomic

    def is_ui_thread(self) -> bool:
        """Whether this is the thread that made the dispatcher."""
        return threading.get_ident() == self._owner

    def drain(self, budget_ms: float = FRAME_MS) -> int:
        """Run queued calls until the budget is spent; returns how many, at least one if any.

        A call that was posted while draining waits for its turn in the same queue.
        """
        if budget_ms != budget_ms:
            raise ValueError("a budget of NaN ms never ends: choose a number, or inf for no limit")
        until = self._clock() + budget_ms / 1e3
        done = 0
        while self._queue:
            self._queue.popleft()()
            done += 1
            if self._clock() >= until:
                break
        return done

    def run_pending(self) -> int:
        """Run everything that is queued, whatever it costs; for tests and for closing."""
        return self.drain(float("inf"))

    def close(self) -> None:
        """Drop what is queued and what will come, and count it."""
        self._closed = True
        self.dropped += len(self._queue)
        self._queue.clear()


class Coalescer:
    """Deliver the newest value of each key, at most once between two drains."""

    def __init__(
        self, dispatcher: UiDispatcher, deliver: Callable[[Hashable, Any], object]
    ) -> None:
        self._dispatcher, self._deliver = dispatcher, deliver
        self._latest: dict[Hashable, Any] = {}
        self._lock = threading.RLock()  # a key's `__eq__` may offer another value

    def offer(self, key: Hashable, value: Any) -> None:
        """Replace the waiting value of a key; callable from any thread."""
        with self._lock:
            first = not self._latest
            self._latest[key] = value
        if first:
            self._dispatcher.post(self._flush)

    def _flush(self) -> None:
        with self._lock:
            ready, self._latest = self._latest, {}
        try:
            for key in list(ready):
                self._deliver(key, ready.pop(key))
        finally:
            if ready:  # `deliver` raised: the other keys have their turn in the next frame
                with self._lock:
                    idle, self._latest = not self._latest, ready | self._latest
                if idle:
                    self._dispatcher.post(self._flush)
