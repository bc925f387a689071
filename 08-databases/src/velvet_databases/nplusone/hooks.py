"""What the hooks of the mappers share: who watches, which rows are marked, one way to report.

Hooks are installed when the first detector is entered and taken out when the last one is left, so
that code without a detector runs exactly what its library ships.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from velvet_databases.nplusone.results import Hop, Mark, Marks, Peers
from velvet_databases.sqlcapture.scope import Observers


class Watcher(Protocol):
    """What is told of every lazy load of a marked object."""

    def saw(self, load: Load, mark: Mark) -> None:
        """Take note of a load by an object that came from a result of many rows."""


# What has to be imported for a mapper to be in use -> the file with its hooks.
_MAPPERS = {
    "sqlalchemy.orm": "sqlalchemy_",
    "django.db.models": "django_",
    "peewee": "peewee_",
}
watchers: Observers[Watcher] = Observers("velvet_databases_detectors")
marks = Marks()
_lock = threading.RLock()
_entered = 0
_uninstall: dict[str, Callable[[], None]] = {}


class Load:
    """One lazy load that is about to be sent; its texts are made only if it becomes a finding.

    Attributes:
        orm, hop: which mapper, which relation.
        fix: makes the text to paste.
        sql: makes the statement; an empty one where the mapper finds out that it need not ask.
    """

    __slots__ = ("fix", "hop", "orm", "sql")

    def __init__(
        self, orm: str, hop: Hop, *, fix: Callable[[], str], sql: Callable[[], str]
    ) -> None:
        self.orm = orm
        self.hop = hop
        self.fix = fix
        self.sql = sql


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
            owner, name, original = self._kept.pop()
            setattr(owner, name, original)
