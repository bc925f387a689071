"""What is watching, and on behalf of which task or thread a statement runs.

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


class _Watch(Generic[T]):
    """An observer that is switched on, until it is switched off in whatever contexts have it."""

    __slots__ = ("alone", "open")

    def __init__(self, observer: T) -> None:
        self.alone = (observer,)
        self.open = True


class Observers(Generic[T]):
    """The observers of one kind that are switched on, for a context or for the process.

    A context that was copied while an observer was on keeps it for ever; once switched off, it
    sees nothing there either. Thread-safe; `active()` is O(number of observers) and takes no lock.
    """

    def __init__(self, name: str) -> None:
        self._here: ContextVar[tuple[_Watch[T], ...]] = ContextVar(name, default=())
        self._everywhere: tuple[T, ...] = ()
        self._on: list[_Watch[T]] = []
        self._lock = threading.Lock()

    def add(self, observer: T, *, everywhere: bool) -> None:
        """Switch an observer on."""
        with self._lock:
            if everywhere:
                self._everywhere += (observer,)
                return
            watch = _Watch(observer)
            self._on.append(watch)
        self._here.set((*(one for one in self._here.get() if one.open), watch))

    def remove(self, observer: T) -> None:
        """Switch an observer off: as it was last switched on in this context, else anywhere."""
        with self._lock:
            for watch in (*reversed(self._here.get()), *reversed(self._on)):
                if watch.open and watch.alone[0] is observer:
                    watch.open = False
                    self._on.remove(watch)
                    break
            self._everywhere = tuple(one for one in self._everywhere if one is not observer)
        self._here.set(tuple(one for one in self._here.get() if one.open))

    def active(self) -> tuple[T, ...]:
        """Return the observers that see what runs here now."""
        here, everywhere = self._here.get(), self._everywhere
        if not here:
            return everywhere
        if len(here) == 1:
            return (here[0].alone if here[0].open else ()) + everywhere
        return tuple(one.alone[0] for one in here if one.open) + everywhere
