"""See every statement that a library sends: what, how long, from which line of yours.

`capture` is a context manager over any mixture of engines, connections and databases. Values of
parameters are never stored, only their types and lengths, so that a log can be shown to all.

It installs the hook that each library offers once per engine, connection or database, however many
captures watch it, and removes it when the last of them ends. So captures may be nested and may end
in any order, and the library is left with exactly the objects that it had.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from velvet_databases.fingerprint import fingerprint
from velvet_databases.sqlcapture import hooks
from velvet_databases.sqlcapture.origin import Observers, Origin, call_site, current_scope

__all__ = ["Capture", "Origin", "QueryLog", "Statement", "capture", "params_shape"]

_observers: Observers[Capture] = Observers("velvet_databases_captures")
_lock = threading.RLock()
# A program sends few different texts, many times each. Texts with values filled in stay out.
_shape_of = lru_cache(maxsize=256)(fingerprint)


@dataclass(frozen=True)
class Statement:
    """One statement that was sent.

    Attributes:
        sql: the text as the library gave it to its driver; for sqlite3, whose trace has the values
            filled in, the fingerprint.
        fingerprint: its shape, see `velvet_databases.fingerprint`.
        params_shape: a type, and a length where it has one, per parameter: ``("int", "str[5]")``.
        seconds: how long the call took; None where the hook cannot tell (sqlite3).
        rowcount: as the driver says, -1 for "not known"; None where the hook cannot tell.
        origin: the line of yours that caused it.
        scope_id: the thread or task that sent it, see `current_scope`.
    """

    sql: str
    fingerprint: str
    params_shape: tuple[str, ...]
    seconds: float | None
    rowcount: int | None
    origin: Origin
    scope_id: int


class QueryLog(list[Statement]):
    """The statements of one capture, in order of their ends; reading while it grows is safe."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return QueryLog(found) if isinstance(index, slice) else found

    def __repr__(self) -> str:
        return f"<QueryLog of {len(self)} statements, {self.total_s * 1e3:.1f} ms>"

    @property
    def total_s(self) -> float:
        """Seconds of all statements whose hook could tell."""
        return sum(statement.seconds or 0.0 for statement in self)

    def by_fingerprint(self) -> dict[str, QueryLog]:
        """Group by shape, the most frequent first; O(n)."""
        groups: dict[str, QueryLog] = {}
        for statement in self:
            groups.setdefault(statement.fingerprint, QueryLog()).append(statement)
        return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def params_shape(params: Any, *, many: bool = False) -> tuple[str, ...]:
    """Describe parameters without their values: ``("int", "name: str[5]")``.

    Args:
        params: a sequence, a mapping, None, or with `many` a sequence of these.
        many: the parameters of an executemany: the shape is that of its first row, after the
            number of rows (``"1000 x"``).
    """
    if many:
        rows = params if isinstance(params, Sequence) else ()
        return (f"{len(rows)} x", *params_shape(rows[0])) if rows else ("? x",)
    if isinstance(params, Mapping):
        return tuple(f"{name}: {_shape(value)}" for name, value in params.items())
    return tuple(_shape(value) for value in params or ())


def _shape(value: Any) -> str:
    if isinstance(value, (str, bytes, bytearray, list, tuple, dict)):
        return f"{type(value).__name__}[{len(value)}]"
    return type(value).__name__


@dataclass
class _Installed:
    target: Any  # kept, so that its id stays its own
    users: int
    uninstall: Callable[[], None]


_installed: dict[int, _Installed] = {}


def capture(*targets: Any) -> Capture:
    """Record the statements that pass through some targets while the context is open.

    Args:
        targets: SQLAlchemy engines, connections and sessions (also async ones); Django connections
            or their aliases; Peewee databases; connections of psycopg, asyncpg and sqlite3.

    Returns:
        A context manager that gives a `QueryLog` of what the context that opened it sends, with the
        tasks (and threads) that inherit this context; `async with` works too, and is needed for
        asyncpg, which reports a statement one turn of the loop later.

    Raises:
        TypeError: when opened, for a target of a kind that has no hook.
    """
    return Capture(targets)


class Capture(AbstractContextManager[QueryLog], AbstractAsyncContextManager[QueryLog]):
    """See `capture`; an instance is opened once at a time, its log is read by any thread."""

    def __init__(self, targets: tuple[Any, ...]) -> None:
        self._targets = targets
        self._keys: frozenset[int] = frozenset()
        self.log = QueryLog()

    def __enter__(self) -> QueryLog:
        if self._keys:
            raise RuntimeError("this capture is open: make another one with capture(...)")
        held: list[int] = []
        try:
            for hooked in _resolve(self._targets):
                held.append(_acquire(hooked))  # noqa: PERF401 - a failing one releases those before
        except BaseException:
            _release(held)
            raise
        self.log = QueryLog()
        self._keys = frozenset(held)
        _observers.add(self)
        return self.log

    def __exit__(self, *_: object) -> None:
        _observers.remove(self)
        keys, self._keys = self._keys, frozenset()
        _release(keys)

    async def __aenter__(self) -> QueryLog:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)  # what asyncpg has put off until the next turn comes before us
        self.__exit__()

    def sees(self, key: int) -> bool:
        """Whether a target, by the number that its hook reports, is among those recorded."""
        return key in self._keys


def _resolve(targets: tuple[Any, ...]) -> list[hooks.Hooked]:
    """Find what to hook for each target, without repeats."""
    found: dict[int, hooks.Hooked] = {}
    for target in targets:
        hooked = hooks.find(target)
        if hooked is None:
            raise TypeError(
                f"cannot capture a {type(target).__name__}: give an engine, connection, session, "
                "database or alias of SQLAlchemy, Django, Peewee, psycopg, asyncpg or sqlite3"
            )
        found[id(hooked.target)] = hooked
    return list(found.values())


def _acquire(hooked: hooks.Hooked) -> int:
    key = id(hooked.target)
    with _lock:
        if key not in _installed:
            uninstall = hooked.install(hooked.target, partial(_deliver, key))
            _installed[key] = _Installed(hooked.target, 0, uninstall)
        _installed[key].users += 1
    return key


def _release(keys: Any) -> None:
    with _lock:
        for key in keys:
            held = _installed[key]
            held.users -= 1
            if held.users == 0:
                del _installed[key]
                held.uninstall()


def _deliver(
    key: int,
    sql: str,
    params: Any = None,
    *,
    seconds: float | None,
    rowcount: int | None,
    many: bool = False,
    expanded: bool = False,
    origin: Origin | None = None,
) -> None:
    """Make a statement of what a hook saw and hand it to the captures that watch here."""
    watching = [one for one in _observers.active() if one.sees(key)]
    if not watching:
        return
    shape = fingerprint(sql) if expanded else _shape_of(sql)
    statement = Statement(
        shape if expanded else sql,
        shape,
        params_shape(params, many=many),
        seconds,
        rowcount,
        origin or call_site(),
        current_scope(),
    )
    for one in watching:
        one.log.append(statement)
