"""Find N+1 queries while code runs: which relation, which line, and what to paste instead.

A hundred orders are read with one statement, and then each of them asks for its lines with a
statement of its own. On SQLite it goes unnoticed; a millisecond away from the database the page
takes a tenth of a second longer. `Detector` sees it in SQLAlchemy, Django and Peewee. It is a
context manager, a decorator and (with `pytest_plugin`) a fixture.

The rule is the same for every mapper. Its hooks say two things: "this object is a row of that
result", and "this object is about to load that relation". A finding needs `threshold` different
objects of one result, in one thread or task. An object that was fetched by itself has no peers and
is never counted; a relation that is loaded already causes no statement, so no hook speaks of it.
"""

from __future__ import annotations

import fnmatch
import functools
import inspect
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from velvet_databases.fingerprint import fingerprint
from velvet_databases.nplusone import hooks
from velvet_databases.nplusone.hooks import Mark
from velvet_databases.sqlcapture.origin import Origin, call_site, current_scope

__all__ = ["Detector", "NPlusOne", "NPlusOneDetected", "NPlusOneWarning"]


@dataclass(frozen=True)
class NPlusOne:
    """One relation that the rows of one result loaded one by one.

    Attributes:
        orm: ``"sqlalchemy"``, ``"django"`` or ``"peewee"``.
        relation: ``"Model.attribute"``, in Django ``"app_label.Model.field"``.
        parents: how many different objects loaded it.
        loads: how many statements that took.
        fingerprint: the shape of these statements.
        origin: the line that ran when the threshold was reached.
        fix: what to paste behind the query that gave the first rows of the path.
    """

    orm: str
    relation: str
    parents: int
    loads: int
    fingerprint: str
    origin: Origin
    fix: str

    def est_saving_ms(self, rtt_ms: float) -> float:
        """Estimate what the fix saves, in ms, where a round trip takes `rtt_ms`.

        One statement remains, whatever was fetched one by one; only the way to the server and back
        is counted, so this is the least that is saved.

        Raises:
            ValueError: the round trip is negative.
        """
        if rtt_ms < 0:
            raise ValueError(f"rtt_ms must be 0 or more, not {rtt_ms!r}")
        return max(0, self.loads - 1) * rtt_ms

    def __str__(self) -> str:
        return f"{self.relation}: {self.loads} loads at {self.origin}; fix: {self.fix}"


F = TypeVar("F", bound=Callable[..., Any])
Mode = Literal["report", "raise", "warn"]
MODES: tuple[Mode, ...] = ("report", "raise", "warn")


class NPlusOneDetected(Exception):
    """Code under a detector in mode "raise" loads a relation one by one: see its `finding`."""

    def __init__(self, finding: NPlusOne) -> None:
        super().__init__(str(finding))
        self.finding = finding


class NPlusOneWarning(UserWarning):
    """Code under a detector in mode "warn" loads a relation one by one."""


@dataclass(slots=True)
class _Tally:
    """The loads of one relation by the rows of one result, in one scope."""

    loads: int = 0
    parents: set[int] = field(default_factory=set)
    finding: _Found | None = None


class _Found:
    """A finding that still grows."""

    def __init__(self, load: hooks.Load, sql: str, origin: Origin) -> None:
        self.orm, self.relation, self.fix = load.orm, load.hop.relation, load.fix()
        self.fingerprint, self.origin = fingerprint(sql), origin
        self.parents = self.loads = 0

    def frozen(self) -> NPlusOne:
        return NPlusOne(**vars(self))


class Detector(AbstractContextManager["Detector"]):
    """Watch for N+1 queries: `with Detector() as found:` or `@Detector(mode="raise")`.

    It watches the mappers (SQLAlchemy, Django, Peewee) that are imported when it is entered, in the
    context that enters it and the tasks and threads that inherit this context. It may be entered
    by several threads and again while it is open; its findings add up. Thread-safe.

    Args:
        threshold: how many objects of one result have to load a relation, at least 2.
        mode: "report" collects findings; "raise" raises `NPlusOneDetected` in place of the load
            that reaches the threshold; "warn" issues one `NPlusOneWarning` per finding, at its line.
        ignore: patterns of relations (`fnmatch`) that are let pass, such as ``"Order.lines"``.
        everywhere: watch all threads and tasks of the process, for code that runs in a thread of
            its own, such as a test's live server.

    Raises:
        ValueError: the threshold is below 2, or the mode unknown.
    """

    def __init__(
        self,
        threshold: int = 2,
        mode: Mode = "report",
        ignore: Sequence[str] = (),
        *,
        everywhere: bool = False,
    ) -> None:
        if not threshold >= 2:
            raise ValueError(f"threshold must be 2 or more (one load is no N+1), not {threshold!r}")
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
        if isinstance(ignore, str):
            raise ValueError(f"ignore must be a sequence of patterns: write [{ignore!r}]")
        self.threshold = threshold
        self.mode = mode
        self.ignore = tuple(ignore)
        self._everywhere = everywhere
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str, Origin], _Found] = {}

    @property
    def findings(self) -> list[NPlusOne]:
        """What was found so far, most statements first."""
        with self._lock:
            found = [one.frozen() for one in self._found.values()]
        return sorted(found, key=lambda one: -one.loads)

    def __enter__(self) -> Detector:
        hooks.install()
        hooks.watchers.add(self, everywhere=self._everywhere)
        return self

    def __exit__(self, *_: object) -> None:
        hooks.watchers.remove(self)
        hooks.uninstall()

    def __call__(self, function: F) -> F:
        """Watch each call of a function or coroutine function; its findings add up here."""

        def watched(*args: Any, **options: Any) -> Any:
            with self:
                return function(*args, **options)

        async def watched_task(*args: Any, **options: Any) -> Any:
            with self:
                return await function(*args, **options)

        watch = watched_task if inspect.iscoroutinefunction(function) else watched
        return cast(F, functools.wraps(function)(watch))

    def saw(self, load: hooks.Load, mark: Mark) -> None:
        """Count one lazy load by a row of a result; called by the hooks before it is sent.

        Raises:
            NPlusOneDetected: the threshold is reached, in mode "raise".
        """
        relation = load.hop.relation
        if self.ignore and any(fnmatch.fnmatchcase(relation, one) for one in self.ignore):
            return
        key = (self, relation, current_scope())
        with self._lock:
            tally = mark.peers.tallies.get(key)
            if tally is None:
                tally = mark.peers.tallies[key] = _Tally()
            fresh = mark.number not in tally.parents
            tally.parents.add(mark.number)
            tally.loads += 1
            if tally.finding is not None:
                tally.finding.loads += 1
                tally.finding.parents += fresh
                return
            if len(tally.parents) < self.threshold:
                return
            sql = load.sql()
            if not sql:  # the mapper knows the answer to be empty, and sends nothing
                del mark.peers.tallies[key]
                return
            origin = call_site()
            place = (load.orm, relation, origin)
            known = place in self._found
            if not known:
                self._found[place] = _Found(load, sql, origin)
            found = self._found[place]
            found.loads += tally.loads
            found.parents += len(tally.parents)
            tally.finding = found
            finding = found.frozen()
        if self.mode == "raise":
            raise NPlusOneDetected(finding)
        if self.mode == "warn" and not known:
            file = origin.file or "unknown"
            warnings.warn_explicit(str(finding), NPlusOneWarning, file, origin.line)
