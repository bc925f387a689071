"""Which line of the application runs this, for which task or thread, and what watches it.

The line is that of the nearest frame that belongs to no library. SQLAlchemy's asyncio layer runs its
synchronous core in a greenlet, whose stack begins inside the library; the walk then goes on in the
greenlet that waits for it, where the `await` stands. Django's asyncio layer uses a thread; there it
goes on in the task that waits for the thread.

Each statement also belongs to a scope: a task, or a thread where there is none, so that what two of
them do at the same time is never added up. An observer is switched on for the context that enters it
(and for the tasks and threads that inherit this context), or for the whole process.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import chain, count
from pathlib import PurePath
from types import FrameType
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")
_LANGUAGE = ("asyncio", "concurrent", "contextlib", "functools", "importlib", "queue", "threading")
_CLIENTS = ("aiosqlite", "asgiref", "asyncpg", "greenlet", "psycopg", "psycopg_pool", "sqlite3")
_MAPPERS = ("django", "peewee", "playhouse", "sqlalchemy")
_LIBRARIES = frozenset(_LANGUAGE + _CLIENTS + _MAPPERS)
_OURS = ("velvet_databases.nplusone", "velvet_databases.sqlcapture")


@dataclass(frozen=True)
class Origin:
    """A place in a program; `file` is empty where no frame of the application was on the stack."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{PurePath(self.file).name}:{self.line}" if self.file else "an unknown place"


UNKNOWN = Origin("", 0, "")


def call_site() -> Origin:
    """Return the innermost frame outside the database libraries; O(depth of the stack)."""
    generated = UNKNOWN
    for frame in chain(_frames(sys._getframe(1)), _frames_of_a_waiting_task()):
        if not _in_library(frame):
            here = Origin(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
            # "<string>" is code that a library made with exec, or what `python -c` runs.
            if not here.file.startswith("<"):
                return here
            generated = here
    return generated


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    greenlet: Any = None
    while frame is not None:
        yield frame
        frame = frame.f_back
        if frame is None and "greenlet" in sys.modules:
            current = sys.modules["greenlet"].getcurrent() if greenlet is None else greenlet
            greenlet = current.parent
            frame = greenlet.gr_frame if greenlet is not None else None


def _frames_of_a_waiting_task() -> Iterator[FrameType]:
    """Yield those of the task that waits for this worker thread, if it has been seen before."""
    held = _scope.get()
    if held is None or held.task is None or held.thread == threading.get_ident():
        return
    task = held.task()
    awaited: Any = task.get_coro() if task is not None else None
    frames = []
    while awaited is not None and getattr(awaited, "cr_frame", None) is not None:
        frames.append(awaited.cr_frame)
        awaited = awaited.cr_await
    yield from reversed(frames)  # the innermost first, as in a stack


def _in_library(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name.partition(".")[0] in _LIBRARIES or name.startswith(_OURS)


class _Scope(NamedTuple):
    number: int
    thread: int
    task: weakref.ref[asyncio.Task[Any]] | None


_numbers = count(1)
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
    scope = _Scope(next(_numbers), thread, weakref.ref(task) if task is not None else None)
    _scope.set(scope)
    return scope.number


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

    def add(self, observer: T, *, everywhere: bool = False) -> None:
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
