"""Work beside the window: in a thread, or in a process that cannot hold our interpreter's lock.

A job is a function of a token and picklable arguments. Progress is coalesced, callbacks arrive on
the UI thread, and nothing arrives after `cancel` returned. A worker process that dies becomes
`JobLost`; a job in a process that ignores its cancelling is killed after a grace period.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from enum import Enum
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol, get_args

from velvet_desktop.core.dispatch import Coalescer, UiDispatcher
from velvet_desktop.errors import JobLost

Mode = Literal["ui", "thread", "process"]
GRACE_S = 2.0


class State(Enum):
    """Where a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


class Token(Protocol):
    """What a job's function gets first."""

    @property
    def cancelled(self) -> bool:
        """Whether it should stop; asked now and then."""
        ...

    def progress(self, value: Any) -> None:
        """Tell how far it is."""
        ...


class Job:
    """One piece of work: its state, and what it returned or raised."""

    def __init__(self) -> None:
        self.state = State.RUNNING
        self.result: Any = None
        self.error: BaseException | None = None
        self.cancelled = False
        self.finished = threading.Event()  # the worker is through, whatever was delivered

    def cancel(self) -> None:
        """Ask it to stop; from now on nothing is delivered."""
        if self.state is State.RUNNING:
            self.state, self.cancelled = State.CANCELLED, True


class _Here:
    """The token of a job in this process."""

    def __init__(self, job: Job, progress: Callable[[Any], None]) -> None:
        self._job, self.progress = job, progress

    @property
    def cancelled(self) -> bool:
        return self._job.cancelled


class _There:
    """The token of a job in the worker process; a byte on the pipe means: stop."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    @property
    def cancelled(self) -> bool:
        return self._pipe.poll()

    def progress(self, value: Any) -> None:
        self._pipe.send(("progress", value))


def serve(pipe: Connection) -> None:
    """Run one job after another in the worker process until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C closes the window, and that ends us
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        if asked is None:  # a cancel that came when its job had ended
            continue
        function, arguments = asked
        try:
            answer: tuple[str, Any] = ("done", function(_There(pipe), *arguments))
        except Exception as error:  # noqa: BLE001 - whatever it raised belongs to the caller
            answer = ("error", error)
        try:
            pipe.send(answer)
        except OSError:  # the window is gone
            return
        except Exception as error:  # noqa: BLE001 - an answer that cannot be pickled
            pipe.send(("error", TypeError(f"the answer cannot leave the worker: {error}")))


class _Worker:
    """A warm process with its pipe."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def end(self, grace_s: float = 0.0) -> int | None:
        self.pipe.close()
        self.process.join(grace_s)
        self.process.kill()
        self.process.join()
        code = self.process.exitcode
        self.process.close()
        return code


class JobRunner:
    """Start jobs, deliver what they tell, end them.

    Args:
        dispatcher: where callbacks are posted.
        grace_s: seconds that a cancelled job in a process may go on before it is killed.
    """

    def __init__(self, dispatcher: UiDispatcher, *, grace_s: float = GRACE_S) -> None:
        if not 0 <= grace_s <= threading.TIMEOUT_MAX:
            raise ValueError(f"grace_s is {grace_s}: seconds from 0 on that end")
        self._dispatcher, self._grace_s = dispatcher, grace_s
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._closed = threading.Event()
        self._jobs: set[Job] = set()

    def submit(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        mode: Mode = "thread",
        on_progress: Callable[[Any], object] = lambda _: None,
        on_done: Callable[[Any], object] = lambda _: None,
        on_error: Callable[[BaseException], object] = lambda _: None,
    ) -> Job:
        """Start `function(token, *arguments)`.

        Args:
            mode: ``ui`` runs it at once on the caller's thread, which is what freezes a window.

        Raises:
            ValueError: no such mode.
            RuntimeError: the runner is closed.
        """
        if mode not in get_args(Mode):
            raise ValueError(f"mode is {mode!r}: choose one of {', '.join(get_args(Mode))}")
        if self._closed.is_set():
            raise RuntimeError("the window is closed: no job can start")
        job = Job()
        self._jobs.add(job)
        updates = Coalescer(self._dispatcher, lambda _, value: self._tell(job, on_progress, value))

        def end(state: State, value: Any) -> None:
            self._jobs.discard(job)
            if state is State.DONE:
                job.result = value  # also when it was cancelled too late
            if job.state is not State.RUNNING:
                return
            job.state = state
            if state is State.DONE:
                on_done(value)
            else:
                job.error = value
                on_error(value)

        def tell(kind: str, value: Any) -> None:
            if kind == "progress":
                updates.offer("progress", value)
            else:
                lost = isinstance(value, JobLost)
                state = State.DONE if kind == "done" else State.LOST if lost else State.FAILED
                self._dispatcher.post(lambda: end(state, value))

        run = self._in_process if mode == "process" else self._here
        if mode == "ui":
            run(job, function, arguments, tell)
        else:
            given = (run, job, function, arguments, tell)
            thread = threading.Thread(target=self._thread, args=given, daemon=True)
            self._threads.add(thread)
            thread.start()
        return job

    def _tell(self, job: Job, on_progress: Callable[[Any], object], value: Any) -> None:
        if job.state is State.RUNNING:
            on_progress(value)

    def _thread(self, run: Callable[..., None], job: Job, *rest: Any) -> None:
        try:
            run(job, *rest)
        finally:
            job.finished.set()
            self._threads.discard(threading.current_thread())

    @staticmethod
    def _here(job: Job, function: Any, arguments: Any, tell: Callable[[str, Any], None]) -> None:
        try:
            answer = function(_Here(job, lambda value: tell("progress", value)), *arguments)
        except Exception as error:  # noqa: BLE001 - delivered to on_error
            tell("error", error)
        else:
            tell("done", answer)
        finally:
            job.finished.set()

    def _in_process(
        self, job: Job, function: Any, arguments: Any, tell: Callable[[str, Any], None]
    ) -> None:
        try:
            with self._lock:
                worker = self._idle.pop() if self._idle else _Worker()
        except OSError as error:  # no more processes, no more memory
            tell("error", error)
            return
        told_at = 0.0
        try:
            worker.pipe.send((function, arguments))
            while True:
                if worker.pipe.poll(0.02):
                    kind, value = worker.pipe.recv()
                    tell(kind, value)
                    if kind != "progress":
                        break
                if (job.cancelled or self._closed.is_set()) and not told_at:
                    told_at = time.monotonic()
                    worker.pipe.send(None)
                if told_at and time.monotonic() - told_at > self._grace_s:
                    raise EOFError  # it does not listen
        except (EOFError, OSError):
            tell("error", JobLost(worker.end(0.0 if told_at else self._grace_s)))
        except Exception as error:  # noqa: BLE001 - arguments or an answer that cannot be pickled
            worker.end()
            tell("error", error)
        else:
            with self._lock:
                self._idle.append(worker)

    def warm(self) -> None:
        """Start the worker process before it is needed."""
        with self._lock:
            if not self._idle:
                self._idle.append(_Worker())

    def close(self) -> None:
        """Cancel everything, wait for it, and end the worker processes."""
        self._closed.set()
        for job in list(self._jobs):
            job.cancel()
        for thread in list(self._threads):
            thread.join()
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end(self._grace_s)
