"""A pool whose jobs are traced from submission to end, whatever it is made of.

Threads share the tracer. A worker process has one of its own for the length of a job and sends
its spans back with the result; the clock is the machine's, so both sides fit one time axis. A job
that fails keeps the pool's remote traceback: its spans travel as an attribute of the exception.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any, ParamSpec, TypeVar

from velvet_concurrency.trace.spans import Span
from velvet_concurrency.trace.steps import current_task_name
from velvet_concurrency.trace.tracer import Tracer, tracing

P = ParamSpec("P")
T = TypeVar("T")
_SPANS = "__velvet_spans__"
_REMOTE_CAPACITY = 10_000


def _name(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__qualname__", type(fn).__name__)


def _remote(
    submitted: int, job: str, parent: str, fn: Callable[..., T], *args: Any, **kwargs: Any
) -> tuple[T, list[Span]]:
    tracer = Tracer(_REMOTE_CAPACITY)
    lane = f"{multiprocessing.current_process().name} {tracer.pid}"
    began = tracer.clock()

    def spans() -> list[Span]:
        ended, tid = tracer.clock(), threading.get_native_id()
        return [
            Span("queue", _name(fn), "queue", submitted, began, job, parent, tracer.pid, tid),
            Span(lane, _name(fn), "run", began, ended, job, parent, tracer.pid, tid),
            *(inner._replace(lane=lane) for inner in tracer.spans()),
        ]

    try:
        with tracing(tracer, job):
            result = fn(*args, **kwargs)
    except Exception as error:
        with contextlib.suppress(AttributeError, TypeError):  # an exception may forbid attributes
            setattr(error, _SPANS, spans())
        raise
    return result, spans()


class TracedExecutor(Executor):
    """Runs jobs in another executor and records when each was submitted, started and ended.

    `span` inside of a job reports to the same trace. Each job gives a `queue` span in the lane
    `queue` and a `run` span in the lane of its thread or process.

    Args:
        executor: a thread or process pool; shutting this down shuts that down.
        tracer: where the spans go.

    Thread-safe as the pool is. `map` sends items one at a time; `chunksize` has no effect.
    """

    def __init__(self, executor: Executor, tracer: Tracer) -> None:
        self._executor = executor
        self._tracer = tracer
        self._numbers = itertools.count(1)
        self._elsewhere = isinstance(executor, ProcessPoolExecutor)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Submit a job as `Executor.submit` does."""
        job = f"job-{next(self._numbers)}"
        parent = current_task_name() or threading.current_thread().name
        submitted = self._tracer.clock()
        if not self._elsewhere:
            return self._executor.submit(
                self._run, submitted, job, parent, fn, *args, **kwargs  # type: ignore[arg-type]
            )
        inner: Future[tuple[T, list[Span]]] = self._executor.submit(
            _remote, submitted, job, parent, fn, *args, **kwargs  # type: ignore[arg-type]
        )
        outer: Future[T] = Future()
        outer.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)
        inner.add_done_callback(lambda done: self._settle(done, outer))
        return outer

    def _run(
        self, submitted: int, job: str, parent: str, fn: Callable[..., T], *args: Any, **kwargs: Any
    ) -> T:
        tracer, thread = self._tracer, threading.current_thread()
        began = tracer.clock()
        ids = (job, parent, tracer.pid, thread.native_id or 0)
        tracer.record(("queue", _name(fn), "queue", submitted, began, *ids))
        try:
            with tracing(tracer, job):
                return fn(*args, **kwargs)
        finally:
            tracer.record((thread.name, _name(fn), "run", began, tracer.clock(), *ids))

    def _settle(self, inner: Future[tuple[T, list[Span]]], outer: Future[T]) -> None:
        if inner.cancelled():
            outer.cancel()
            outer.set_running_or_notify_cancel()
            return
        error = inner.exception()
        spans: list[Span] = inner.result()[1] if error is None else getattr(error, _SPANS, [])
        self._tracer.absorb(spans)
        if not outer.set_running_or_notify_cancel():
            return
        if error is None:
            outer.set_result(inner.result()[0])
        else:
            outer.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut the pool below down."""
        self._executor.shutdown(wait=wait, cancel_futures=cancel_futures)
