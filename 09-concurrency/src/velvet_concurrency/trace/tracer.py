"""The tracer: a ring of spans, and the ways in which they get there.

A task is traced by wrapping its coroutine: the event loop drives a task by `send` and `throw`, so
the time inside such a call is running and the time between two of them is waiting. That costs two
clock readings and two rows a step. Code outside of tasks is marked by `Tracer.span`, or by the
function `span`, which finds the tracer in charge of the current thread or task and costs next to
nothing where there is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from velvet_concurrency.trace.spans import Kind, Ring, Row, Span
from velvet_concurrency.trace.steps import TracedCoroutine, current_task_name
from velvet_concurrency.trace.views import (
    Heatmap,
    concurrency,
    to_heatmap,
    utilisation,
    write_chrome_trace,
)

_IN_CHARGE: ContextVar[tuple[Tracer, str] | None] = ContextVar("velvet_tracer", default=None)
_Factory = Callable[..., Any]


class Tracer:
    """Records spans of tasks, threads and processes into a ring.

    Args:
        capacity: spans kept; older ones are overwritten and counted in `dropped`.
        clock: nanoseconds; the default is comparable between processes of one machine.

    Raises:
        ValueError: `capacity` is not positive.

    Thread-safe. Starts no thread. Costs one to three microseconds a task step.

    >>> tracer = Tracer()
    >>> with tracer.span("parse"):
    ...     pass
    >>> [(span.name, span.kind) for span in tracer.spans()]
    [('parse', 'run')]
    """

    def __init__(
        self, capacity: int = 100_000, *, clock: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self.clock = clock
        self.pid = os.getpid()
        self._capacity = capacity
        self._ring = Ring(capacity)
        self.record: Callable[[Row], None] = self._ring.add
        self._factories: dict[asyncio.AbstractEventLoop, tuple[_Factory | None, _Factory]] = {}
        self._gc_began = 0

    @property
    def dropped(self) -> int:
        """How many spans were overwritten because the ring was full; O(capacity)."""
        kept = self._ring.numbered()
        return kept[-1][0] + 1 - len(kept) if kept else 0

    def spans(self) -> list[Span]:
        """Give the spans that are kept, in the order of their recording."""
        return [Span(*row) for _, row in self._ring.numbered()]

    def since(self, number: int) -> tuple[list[Span], int]:
        """Give the spans recorded from number `number` on, and the number for the next call.

        Start with 0. Costs O(new spans), so a display can follow a running program.
        """
        return self._ring.since(number)

    def absorb(self, spans: Iterable[Span]) -> None:
        """Add spans that were recorded elsewhere, in another process for example."""
        for found in spans:
            self.record(tuple(found))  # type: ignore[arg-type]

    @contextlib.contextmanager
    def span(self, name: str, kind: Kind = "run", *, task: str = "") -> Iterator[None]:
        """Record the block as one span of the current thread, also when it raises.

        Args:
            name: what is done.
            kind: how the time is spent.
            task: the job it belongs to; the running asyncio task by default.
        """
        began = self.clock()
        try:
            yield
        finally:
            thread = threading.current_thread()
            self.record(
                (
                    thread.name,
                    name,
                    kind,
                    began,
                    self.clock(),
                    task or current_task_name(),
                    "",
                    self.pid,
                    thread.native_id or 0,
                )
            )

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Trace every task that `loop` creates from now on, and garbage collections.

        A task factory that is already set keeps making the tasks. Tasks that exist are not traced.

        Raises:
            RuntimeError: this tracer is installed on `loop` already.
        """
        if loop in self._factories:
            raise RuntimeError("this tracer is installed on this loop already")
        before: _Factory | None = loop.get_task_factory()

        def factory(on: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
            wrapped = TracedCoroutine(self, coro, current_task_name())
            if before is not None:
                return before(on, wrapped, **options)
            return asyncio.Task(wrapped, loop=on, **options)

        if not self._factories:
            gc.callbacks.append(self._on_gc)
        self._factories[loop] = (before, factory)
        loop.set_task_factory(factory)

    def uninstall(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give `loop` its former task factory back; tasks that run stay traced. Idempotent."""
        before, factory = self._factories.pop(loop, (None, None))
        if factory is not None and loop.get_task_factory() is factory:
            loop.set_task_factory(before)
        if not self._factories and self._on_gc in gc.callbacks:
            gc.callbacks.remove(self._on_gc)

    @contextlib.contextmanager
    def installed(self) -> Iterator[Tracer]:
        """Trace the running loop for the length of a block."""
        loop = asyncio.get_running_loop()
        self.install(loop)
        try:
            yield self
        finally:
            self.uninstall(loop)

    def _on_gc(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began = self.clock()
            return
        thread = threading.current_thread()
        name, tid = f"generation {info['generation']}", thread.native_id or 0
        self.record((thread.name, name, "gc", self._gc_began, self.clock(), "", "", self.pid, tid))

    def to_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write the spans as Trace Event Format, for chrome://tracing or ui.perfetto.dev."""
        write_chrome_trace(self.spans(), Path(path))

    def utilisation(self) -> dict[str, float]:
        """Give each lane's share of the traced time that it spent running."""
        return utilisation(self.spans())

    def concurrency(self) -> list[tuple[int, int]]:
        """Give the number of jobs and tasks in flight as steps of (time in ns, number)."""
        return concurrency(self.spans())

    def to_heatmap(self, bins: int = 50) -> Heatmap:
        """Give each lane's running share in each of `bins` equal slices of time."""
        return to_heatmap(self.spans(), bins)


@contextlib.contextmanager
def tracing(tracer: Tracer, task: str = "") -> Iterator[None]:
    """Put `tracer` in charge of `span` for a block, in this thread and in tasks created there.

    Args:
        tracer: where the spans go.
        task: the job that the block belongs to.
    """
    token = _IN_CHARGE.set((tracer, task))
    try:
        yield
    finally:
        _IN_CHARGE.reset(token)


def in_charge() -> tuple[Tracer, str] | None:
    """Give the tracer in charge here and the job that it is in charge for."""
    return _IN_CHARGE.get()


def span(name: str, kind: Kind = "run") -> contextlib.AbstractContextManager[None]:
    """Record a block with the tracer in charge; does nothing where there is none."""
    found = _IN_CHARGE.get()
    return contextlib.nullcontext() if found is None else found[0].span(name, kind, task=found[1])
