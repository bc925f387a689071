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
from functools import partial
from typing import Any, ParamSpec, TypeVar

from velvet_concurrency.trace.tracer import Tracer, current_task_name, tracing
from velvet_concurrency.trace.views import Span

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
    """Run jobs in another executor and record when each was submitted, started and ended.

    `span` inside of a job reports to the same trace. Each job gives a `queue` span in the lane
    `queue` and a `run` span in the lane of its thread or process.

    Shutting it down shuts the pool down. Thread-safe as the pool is. `map` sends items one at a time.
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
        run: Any = partial(
            _remote if self._elsewhere else self._run, self._tracer.clock(), job, parent
        )
        future: Future[Any] = self._executor.submit(run, fn, *args, **kwargs)
        return _Proxy(future, self._tracer) if self._elsewhere else future

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

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut the pool below down."""
        self._executor.shutdown(wait=wait, cancel_futures=cancel_futures)


class _Proxy(Future[T]):
    """The result without its spans, of a future that has both; its state is that future's."""

    def __init__(self, inner: Future[tuple[T, list[Span]]], tracer: Tracer) -> None:
        super().__init__()
        self._inner = inner
        self._tracer = tracer
        inner.add_done_callback(self._settle)

    def cancel(self) -> bool:
        """Cancel the job unless it has begun."""
        return self._inner.cancel()  # settles this one, too

    def running(self) -> bool:
        """Return whether the job is being computed."""
        return self._inner.running()

    def _settle(self, inner: Future[tuple[T, list[Span]]]) -> None:
        if inner.cancelled():
            super().cancel()
            self.set_running_or_notify_cancel()
            return
        error = inner.exception()
        spans: list[Span] = inner.result()[1] if error is None else getattr(error, _SPANS, [])
        self._tracer.absorb(spans)
        self.set_running_or_notify_cancel()
        if error is None:
            self.set_result(inner.result()[0])
        else:
            self.set_exception(error)
