"""What the hooks of the mappers share: who watches, which rows are marked, one way to report.

Hooks are installed when the first detector is entered and taken out when the last one is left, so
that code without a detector runs exactly what its library ships.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

from velvet_databases.sqlcapture.origin import Observers


@dataclass(frozen=True)
class Hop:
    """One relation on the way from a query's own rows to those that it leads to."""

    relation: str  # its name in findings, "Order.lines"
    owner: Any  # the model class
    attribute: str
    many: bool  # whether it leads to several rows
    target: Any = None  # what the fix needs to know of the other side, if anything


class Peers:
    """The rows of one result, or of all lazy loads of one relation by the rows of one result."""

    __slots__ = ("__weakref__", "_derived", "path", "rows", "tallies")

    def __init__(self, path: tuple[Hop, ...] = ()) -> None:
        self.rows = 0  # that have been marked so far
        self.path = path  # of relations from the rows of the query that a fix belongs to
        self.tallies: dict[Any, Any] = {}  # of detectors; gone when the last of the rows is
        self._derived: dict[str, Peers] = {}

    def through(self, hop: Hop) -> Peers:
        """Return the peers that the rows of this result reach through a relation."""
        found = self._derived.get(hop.relation)
        return found or self._derived.setdefault(hop.relation, Peers((*self.path, hop)))


class Mark(weakref.ref):  # type: ignore[type-arg]  # of any row
    """A weak reference to a row that knows its result, and its number in it."""

    __slots__ = ("key", "number", "peers")
    key: int
    number: int
    peers: Peers


class Marks:
    """Marks by identity of the rows; O(1) each. Safe in threads: a change is one dict operation."""

    def __init__(self) -> None:
        self._marks: dict[int, Mark] = {}
        marks = self._marks

        def forget(mark: Any) -> None:
            # The address may belong to a new row by now, whose mark is another one.
            key = mark.key
            if marks.get(key) is mark:
                del marks[key]

        self._forget = forget

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, row: Any, peers: Peers) -> bool:
        """Mark an object as a row of a result; says whether it was new. The first mark stays."""
        if self.of(row) is not None:
            return False
        mark = Mark(row, self._forget)
        mark.key, mark.number, mark.peers = id(row), peers.rows, peers
        peers.rows += 1
        self._marks[mark.key] = mark
        return True

    def of(self, row: Any) -> Mark | None:
        """Return the mark of an object, if it has one."""
        held = self._marks.get(id(row))
        return held if held is not None and held() is row else None

    def clear(self) -> None:
        """Forget all."""
        self._marks.clear()


# What has to be imported for a mapper to be in use -> the file with its hooks.
_MAPPERS = {"sqlalchemy.orm": "sqlalchemy_", "django.db.models": "django_", "peewee": "peewee_"}
watchers: Observers[Any] = Observers("velvet_databases_detectors")  # with a method `saw`
marks = Marks()
_announced: ContextVar[Any] = ContextVar("velvet_databases_announced", default=None)
_lock = threading.RLock()
_entered = 0
_uninstall: dict[str, Callable[[], None]] = {}


class Load(NamedTuple):
    """One lazy load that is about to be sent; its texts are made only if it becomes a finding."""

    orm: str
    hop: Hop
    fix: Callable[[], str]  # the text to paste
    sql: Callable[[], str]  # the statement; empty where the mapper finds that it need not ask


def install() -> None:
    """Hook the mappers that are imported by now, unless they are hooked."""
    global _entered
    with _lock:
        _entered += 1
        for name, file in _MAPPERS.items():
            if name in sys.modules and name not in _uninstall:
                module = import_module(f"velvet_databases.nplusone.{file}")
                _uninstall[name] = module.install()


def uninstall() -> None:
    """Take the hooks out when the last detector is left, and forget the marks."""
    global _entered
    with _lock:
        _entered -= 1
        if _entered == 0:
            while _uninstall:
                _, take_out = _uninstall.popitem()
                take_out()
            marks.clear()


def mark(row: Any, peers: Peers) -> bool:
    """Mark an object as a row of a result, if a detector watches here; says whether it was new."""
    return bool(watchers.active()) and marks.add(row, peers)


def path_of(row: Any) -> tuple[Hop, ...]:
    """Return the relations that lead to a row from those of the query that a fix belongs to."""
    found = marks.of(row)
    return found.peers.path if found is not None else ()


def lazy_load(row: Any, load: Load) -> Peers | None:
    """Tell those who watch that a row loads a relation; gives the peers that it leads to.

    None for an object that came from no result that was watched.

    Raises:
        NPlusOneDetected: a detector in mode "raise" has seen enough.
    """
    found = marks.of(row)
    if found is None:
        return None
    for watcher in watchers.active():
        watcher.saw(load, found)
    return found.peers.through(load.hop)


@contextmanager
def announced(load: Any) -> Iterator[None]:
    """Say what the next query of this context loads, and for which row."""
    before = _announced.get()
    try:
        _announced.set(load)
        yield
    finally:
        _announced.set(before)


def take_announced() -> Any:
    """Return what was announced, once: what runs inside a load is not the load."""
    load = _announced.get()
    if load is not None:
        _announced.set(None)
    return load


class Patches:
    """Attributes of classes that are replaced, to be put back by identity."""

    def __init__(self) -> None:
        self._kept: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put `make(original)` in the place of an attribute that the class itself defines."""
        original = vars(owner)[name]
        self._kept.append((owner, name, original))
        setattr(owner, name, make(original))

    def undo(self) -> None:
        """Put everything back, last first."""
        while self._kept:
            setattr(*self._kept.pop())
