"""A coroutine that reports each of its steps to a tracer.

`asyncio.Task` drives whatever has `send`, `throw` and `close` and is known to
`collections.abc.Coroutine`. Everything else that a debugger may ask of a coroutine (`cr_frame`,
`cr_code`, `__qualname__`) is passed on to the real one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from velvet_concurrency.trace.tracer import Tracer


def current_task_name() -> str:
    """Name the asyncio task that is running in this thread, or give an empty string."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return ""
    return task.get_name() if task is not None else ""


class TracedCoroutine:
    """Wraps one coroutine of one task; used by the loop's thread only.

    Args:
        tracer: where the spans go.
        inner: the coroutine that does the work.
        parent: the task that creates it.
    """

    __slots__ = ("_before", "_clock", "_inner", "_lane", "_name", "_parent", "_record", "_where")

    def __init__(self, tracer: Tracer, inner: Any, parent: str) -> None:
        thread = threading.current_thread()
        self._inner = inner
        self._parent = parent
        self._record = tracer.record
        self._clock = tracer.clock
        self._lane = thread.name
        self._where = (tracer.pid, thread.native_id or 0)
        self._name = getattr(inner, "__qualname__", type(inner).__name__)
        self._before: tuple[str, int] = ("", tracer.clock())

    def _resumed(self) -> tuple[str, int]:
        """Record the time since the last step, which was waiting, or queueing before the first."""
        task, since = self._before
        now = self._clock()
        pid, tid = self._where
        if task:
            self._record((task, "await", "wait", since, now, task, self._parent, pid, tid))
            return task, now
        # Before 3.12 the loop names a task after its factory made it: ask at the first step.
        task = current_task_name() or self._name
        self._record((task, "scheduled", "queue", since, now, task, self._parent, pid, tid))
        return task, now

    def _paused(self, task: str, since: int) -> None:
        now = self._clock()
        pid, tid = self._where
        self._record((self._lane, self._name, "run", since, now, task, self._parent, pid, tid))
        self._before = (task, now)

    def send(self, value: Any) -> Any:
        """Run the coroutine up to its next suspension, and record the step."""
        task, now = self._resumed()
        try:
            return self._inner.send(value)
        finally:
            self._paused(task, now)

    def throw(self, *error: Any) -> Any:
        """Raise an error, a cancellation for example, in the coroutine, and record the step."""
        task, now = self._resumed()
        try:
            return self._inner.throw(*error)
        finally:
            self._paused(task, now)

    def close(self) -> None:
        """Close the coroutine."""
        self._inner.close()

    def __await__(self) -> Any:
        return self._inner.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


Coroutine.register(TracedCoroutine)
