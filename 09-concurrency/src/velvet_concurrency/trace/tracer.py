"""The tracer: a ring of spans, and the ways in which they get there.

A task is traced by wrapping its coroutine: the event loop drives a task by `send` and `throw`, so
the time inside such a call is running and the time between two of them is waiting. That costs two
clock readings and two rows a step. Code outside of tasks is marked by `Tracer.span`, or by the
function `span`, which finds the tracer in charge of the current thread or task and costs next to
nothing where there is none. Recording must not disturb what is recorded: a row is one tuple stored
into a slot of a list made beforehand, with no lock, so that it may also happen in a garbage collection
that interrupts another recording in the same thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, TypeAlias

from velvet_concurrency.runtime import check_int
from velvet_concurrency.trace.views import Kind, Span

Row: TypeAlias = tuple[str, str, Kind, int, int, str, str, int, int]
_IN_CHARGE: ContextVar[tuple[Tracer, str] | None] = ContextVar("velvet_tracer", default=None)


class Tracer:
    """Record spans of tasks, threads and processes into a ring.

    `capacity` spans are kept, about 200 bytes each; older ones are overwritten and counted in `dropped`.
    `clock` returns nanoseconds; the default is comparable between processes of one machine.

    Thread-safe: writers never lose a row to one another under the GIL, and readers may run beside
    them. Starts no thread. Costs one to three microseconds a task step.

    >>> tracer = Tracer()
    >>> with tracer.span("parse"):
    ...     pass
    >>> [(span.name, span.kind) for span in tracer.spans()]
    [('parse', 'run')]
    """

    def __init__(
        self, capacity: int = 100_000, *, clock: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        check_int("capacity", capacity, 1)
        self.clock = clock
        self.pid = os.getpid()
        self._slots: list[tuple[int, Row] | None] = [None] * capacity
        self._next = itertools.count().__next__
        self._loops: set[asyncio.AbstractEventLoop] = set()
        self._gc_began = 0

    def record(self, row: Row) -> None:
        """Keep a row in place of the oldest one, in O(1) and without a lock."""
        number = self._next()
        self._slots[number % len(self._slots)] = (number, row)

    @property
    def dropped(self) -> int:
        """How many spans were overwritten because the ring was full; O(capacity)."""
        kept = self._kept()
        return kept[-1][0] + 1 - len(kept) if kept else 0

    def spans(self) -> list[Span]:
        """Return the spans that are kept, in the order of their recording; O(n log n)."""
        return [Span(*row) for _, row in self._kept()]

    def since(self, number: int) -> tuple[list[Span], int]:
        """Return the spans recorded from number `number` on, and the number for the next call.

        Start with 0. Costs O(new spans), so a display can follow a running program.
        """
        slots, found = self._slots, []
        while (slot := slots[number % len(slots)]) is not None and slot[0] >= number:
            if slot[0] > number:
                # Overwritten before it was read: go on with the oldest that can still be there.
                number = max(number + 1, slot[0] - len(slots) + 1)
                continue
            found.append(Span(*slot[1]))
            number += 1
        return found, number

    def absorb(self, spans: Iterable[Span]) -> None:
        """Add spans that were recorded elsewhere, in another process for example."""
        for found in spans:
            self.record(tuple(found))  # type: ignore[arg-type]

    @contextlib.contextmanager
    def span(self, name: str, kind: Kind = "run", *, task: str = "") -> Iterator[None]:
        """Record the block as one span of the current thread, also when it raises.

        `task` is the job that it belongs to, by default the running asyncio task.
        """
        began = self.clock()
        try:
            yield
        finally:
            thread, job = threading.current_thread(), task or current_task_name()
            where = (job, "", self.pid, thread.native_id or 0)
            self.record((thread.name, name, kind, began, self.clock(), *where))

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Trace every task that `loop` creates from now on, and garbage collections.

        A task factory that is already set keeps making the tasks. Tasks that exist are not traced.

        Raises `RuntimeError` when this tracer is installed on `loop` already.
        """
        if loop in self._loops:
            raise RuntimeError("this tracer is installed on this loop already")
        if not self._loops:
            gc.callbacks.append(self._on_gc)
        self._loops.add(loop)
        loop.set_task_factory(_Factory(self, loop.get_task_factory()))

    def uninstall(self, loop: asyncio.AbstractEventLoop) -> None:
        """Return to the former task factory of `loop`; tasks that run stay traced. Idempotent.

        Tracers may be removed in any order: one below another stops tracing at once, and its factory
        leaves the loop together with the one above.
        """
        self._loops.discard(loop)
        if not self._loops and self._on_gc in gc.callbacks:
            gc.callbacks.remove(self._on_gc)
        top: Any = loop.get_task_factory()
        below = top
        while isinstance(below, _Factory):
            below.active = below.active and below.tracer is not self
            below = below.before
        while isinstance(top, _Factory) and not top.active:
            top = top.before
        loop.set_task_factory(top)

    @contextlib.contextmanager
    def installed(self) -> Iterator[Tracer]:
        """Trace the running loop for the length of a block."""
        loop = asyncio.get_running_loop()
        try:
            self.install(loop)
            yield self
        finally:
            self.uninstall(loop)

    def _kept(self) -> list[tuple[int, Row]]:
        return sorted(slot for slot in self._slots if slot is not None)

    def _on_gc(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began = self.clock()
            return
        thread = threading.current_thread()
        name, tid = f"generation {info['generation']}", thread.native_id or 0
        self.record((thread.name, name, "gc", self._gc_began, self.clock(), "", "", self.pid, tid))


class _Factory:
    """A task factory that wraps coroutines as long as it is active, and keeps the one before it."""

    def __init__(self, tracer: Tracer, before: Any) -> None:
        self.tracer = tracer
        self.before = before
        self.active = True

    def __call__(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
        if self.active:
            coro = _TracedCoroutine(self.tracer, coro, current_task_name())
        if self.before is not None:
            return self.before(loop, coro, **options)
        return asyncio.Task(coro, loop=loop, **options)


class _TracedCoroutine:
    """A coroutine that reports each of its steps; used by the loop's thread only.

    `asyncio.Task` drives whatever has `send`, `throw` and `close` and is known to
    `collections.abc.Coroutine`. Everything else that a debugger may ask of a coroutine (`cr_frame`,
    `cr_code`, `__qualname__`) is passed on to the real one.
    """

    __slots__ = ("_before", "_clock", "_inner", "_lane", "_name", "_record", "_where")

    def __init__(self, tracer: Tracer, inner: Any, parent: str) -> None:
        thread = threading.current_thread()
        self._inner = inner
        self._record = tracer.record
        self._clock = tracer.clock
        self._lane = thread.name
        self._where = (parent, tracer.pid, thread.native_id or 0)
        self._name = getattr(inner, "__qualname__", type(inner).__name__)
        self._before: tuple[str, int] = ("", tracer.clock())

    def _step(self, resume: Callable[..., Any], *arguments: Any) -> Any:
        """Record the wait since the last step, or the queueing before the first, and this step."""
        (task, since), now = self._before, self._clock()
        if task:
            self._record((task, "await", "wait", since, now, task, *self._where))
        else:
            # Before 3.12 the loop names a task after its factory made it: ask at the first step.
            task = current_task_name() or self._name
            self._record((task, "scheduled", "queue", since, now, task, *self._where))
        try:
            return resume(*arguments)
        finally:
            ended = self._clock()
            self._record((self._lane, self._name, "run", now, ended, task, *self._where))
            self._before = task, ended

    def send(self, value: Any) -> Any:
        """Run the coroutine up to its next suspension."""
        return self._step(self._inner.send, value)

    def throw(self, *error: Any) -> Any:
        """Raise an error, a cancellation for example, in the coroutine."""
        return self._step(self._inner.throw, *error)

    def close(self) -> None:
        """Close the coroutine."""
        self._inner.close()

    def __await__(self) -> Any:
        return self._inner.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


Coroutine.register(_TracedCoroutine)


def current_task_name() -> str:
    """Return the name of the asyncio task that runs in this thread, or an empty string."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return ""
    return task.get_name() if task is not None else ""


@contextlib.contextmanager
def tracing(tracer: Tracer, task: str = "") -> Iterator[None]:
    """Put `tracer` in charge of `span`, for the job `task`, in this thread and in tasks created there."""
    before, mine = _IN_CHARGE.get(), (tracer, task)
    try:
        _IN_CHARGE.set(mine)
        yield
    finally:
        try:
            ours = _IN_CHARGE.get() is mine  # a generator may be closed in another task's context
        except KeyboardInterrupt:
            _IN_CHARGE.set(before)
            raise
        if ours:
            _IN_CHARGE.set(before)


def in_charge() -> tuple[Tracer, str] | None:
    """Return the tracer in charge here and the job that it is in charge for."""
    return _IN_CHARGE.get()


def span(name: str, kind: Kind = "run") -> contextlib.AbstractContextManager[None]:
    """Record a block with the tracer in charge; does nothing where there is none."""
    found = _IN_CHARGE.get()
    return contextlib.nullcontext() if found is None else found[0].span(name, kind, task=found[1])
