"""Which line of the application caused this: the nearest frame that belongs to no library.

SQLAlchemy's asyncio layer runs its synchronous core in a greenlet, whose stack begins inside the
library; the walk then goes on in the greenlet that waits for it, where the `await` stands. Django's
asyncio layer uses a thread; there it goes on in the task that waits for the thread.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePath
from types import FrameType
from typing import Any

from velvet_databases.sqlcapture.scope import waiting_task

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
            here = _origin(frame)
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
    task = waiting_task()
    awaited: Any = task.get_coro() if task is not None else None
    frames = []
    while awaited is not None and getattr(awaited, "cr_frame", None) is not None:
        frames.append(awaited.cr_frame)
        awaited = awaited.cr_await
    yield from reversed(frames)  # the innermost first, as in a stack


def _in_library(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name.partition(".")[0] in _LIBRARIES or name.startswith(_OURS)


def _origin(frame: FrameType) -> Origin:
    code = frame.f_code
    return Origin(code.co_filename, frame.f_lineno, code.co_name)
