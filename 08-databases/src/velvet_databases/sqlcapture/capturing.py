"""The context manager that records, and the bookkeeping of the hooks that it needs.

A hook is installed once per engine, connection or database, however many captures watch it, and is
removed when the last of them ends. So captures may be nested and may end in any order, and the
library is left with exactly the objects that it had.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from types import TracebackType
from typing import Any

from velvet_databases.fingerprint import fingerprint
from velvet_databases.sqlcapture.log import QueryLog, Statement, params_shape
from velvet_databases.sqlcapture.origin import Origin, call_site
from velvet_databases.sqlcapture.scope import Observers, current_scope

Report = Callable[..., None]
Uninstall = Callable[[], None]
# What has to be loaded for a target of this kind to exist -> the file with its hook.
_HOOKS = {
    "sqlalchemy": "sqlalchemy_",
    "django": "django_",
    "peewee": "peewee_",
    "psycopg": "psycopg_",
    "asyncpg": "asyncpg_",
    "sqlite3": "sqlite3_",
}
_WHOLE_LIBRARIES = {
    "sqlalchemy.orm": "sqlalchemy_",
    "django.db": "django_",
    "peewee": "peewee_",
}
_observers: Observers[Capture] = Observers("velvet_databases_captures")
_lock = threading.RLock()
# A program sends few different texts, many times each. Texts with values filled in stay out.
_shape_of = lru_cache(maxsize=256)(fingerprint)


@dataclass
class _Installed:
    target: Any  # kept, so that its id stays its own
    users: int
    uninstall: Uninstall


_installed: dict[int, _Installed] = {}


def capture(*targets: Any, everywhere: bool = False) -> Capture:
    """Record the statements that pass through some targets while the context is open.

    Args:
        targets: SQLAlchemy engines, connections and sessions (also async ones); Django connections
            or their aliases; Peewee databases; connections of psycopg, asyncpg and sqlite3.
            Without any: every engine, alias and database of the ORMs that are imported by then.
        everywhere: record what all threads and tasks of the process do, and not only the context
            that opened it with the tasks (and threads) that inherit this context.

    Returns:
        A context manager that gives a `QueryLog`; `async with` works too, and is needed for
        asyncpg, which reports a statement one turn of the loop later.

    Raises:
        TypeError: when opened, for a target of a kind that has no hook.
    """
    return Capture(targets, everywhere=everywhere)


class Capture(AbstractContextManager[QueryLog], AbstractAsyncContextManager[QueryLog]):
    """See `capture`; an instance is opened once at a time, its log is read by any thread."""

    def __init__(self, targets: tuple[Any, ...], *, everywhere: bool) -> None:
        self._targets = targets
        self._everywhere = everywhere
        self._keys: frozenset[int] = frozenset()
        self.log = QueryLog()

    def __enter__(self) -> QueryLog:
        if self._keys:
            raise RuntimeError("this capture is open: make another one with capture(...)")
        held: list[int] = []
        try:
            for target, module in _resolve(self._targets):
                held.append(_acquire(target, module))
        except BaseException:
            _release(held)
            raise
        self.log = QueryLog()
        self._keys = frozenset(held)
        _observers.add(self, everywhere=self._everywhere)
        return self.log

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _observers.remove(self)
        keys, self._keys = self._keys, frozenset()
        _release(keys)

    async def __aenter__(self) -> QueryLog:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.sleep(0)  # what asyncpg has put off until the next turn comes before us
        self.__exit__(kind, error, trace)

    def sees(self, key: int) -> bool:
        """Whether a target, by the number that its hook reports, is among those recorded."""
        return key in self._keys


def _resolve(targets: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    """Find the object to hook and the module that can, for each target, without repeats."""
    if not targets:
        modules = [file for name, file in _WHOLE_LIBRARIES.items() if name in sys.modules]
        hooks = [import_module(f"velvet_databases.sqlcapture.{file}") for file in modules]
        return [(hook.WHOLE_LIBRARY, hook) for hook in hooks]
    found: dict[int, tuple[Any, Any]] = {}
    for target in targets:
        for name, file in _HOOKS.items():
            if name not in sys.modules:
                continue
            hook = import_module(f"velvet_databases.sqlcapture.{file}")
            hooked = hook.hookable(target)
            if hooked is not None:
                found[id(hooked)] = (hooked, hook)
                break
        else:
            raise TypeError(
                f"cannot capture a {type(target).__name__}: give an engine, connection, session, "
                f"database or alias of {', '.join(_HOOKS)}"
            )
    return list(found.values())


def _acquire(target: Any, hook: Any) -> int:
    key = id(target)
    with _lock:
        if key in _installed:
            _installed[key].users += 1
        else:

            def report(sql: str, params: Any = None, **facts: Any) -> None:
                _deliver(key, sql, params, **facts)

            _installed[key] = _Installed(target, 1, hook.install(target, report))
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
    params: Any,
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
