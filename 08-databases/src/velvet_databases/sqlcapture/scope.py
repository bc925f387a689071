"""Who is watching, and on whose behalf a statement runs.

An observer is switched on for the context that enters it (and for the tasks and threads that
inherit this context), or for the whole process. Each statement also belongs to a scope: a task, or
a thread where there is none, so that what two of them do at the same time is never added up.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import weakref
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Scope:
    __slots__ = ("number", "task", "thread")

    def __init__(self, number: int, thread: int, task: asyncio.Task[Any] | None) -> None:
        self.number = number
        self.thread = thread
        self.task = weakref.ref(task) if task is not None else None


_numbers = itertools.count(1)
_scope: ContextVar[_Scope | None] = ContextVar("velvet_databases_scope", default=None)


def current_scope() -> int:
    """Return the number of the task that runs, or of the thread where none does.

    A worker thread that a task waits for (`asyncio.to_thread`, Django's `sync_to_async`) works on
    behalf of the task and has its number. O(1).
    """
    task = _running_task()
    thread = threading.get_ident()
    held = _scope.get()
    if held is not None:
        if task is None:
            same = held.task is not None or held.thread == thread
        else:
            same = held.task is not None and held.task() is task
        if same:
            return held.number
    scope = _Scope(next(_numbers), thread, task)
    _scope.set(scope)
    return scope.number


def waiting_task() -> asyncio.Task[Any] | None:
    """Return the task that waits for this worker thread, if one does and has been seen before."""
    held = _scope.get()
    if held is None or held.task is None or held.thread == threading.get_ident():
        return None
    return held.task()


def _running_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no event loop runs in this thread
        return None


class Observers(Generic[T]):
    """The observers of one kind that are switched on, for a context or for the process.

    Thread-safe; `active()` is O(number of observers) and takes no lock.
    """

    def __init__(self, name: str) -> None:
        self._here: ContextVar[tuple[T, ...]] = ContextVar(name, default=())
        self._everywhere: tuple[T, ...] = ()
        self._lock = threading.Lock()

    def add(self, observer: T, *, everywhere: bool) -> None:
        """Switch an observer on."""
        if everywhere:
            with self._lock:
                self._everywhere += (observer,)
        else:
            self._here.set((*self._here.get(), observer))

    def remove(self, observer: T) -> None:
        """Switch an observer off, in this context and for the process."""
        here = self._here.get()
        if observer in here:
            self._here.set(tuple(one for one in here if one is not observer))
        with self._lock:
            self._everywhere = tuple(one for one in self._everywhere if one is not observer)

    def active(self) -> tuple[T, ...]:
        """Return the observers that see what runs here now."""
        here, everywhere = self._here.get(), self._everywhere
        return here + everywhere if here and everywhere else here or everywhere
