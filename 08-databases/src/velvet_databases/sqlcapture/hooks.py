"""The hook that each library offers, on an engine, a connection or a database.

SQLAlchemy: the cursor events of an engine or a connection.

Django: the execute wrappers of a connection, which belongs to a thread.

Peewee: `execute_sql` of a database object.

psycopg: a subclass of the connection's cursor classes, put into its cursor factories.

asyncpg: a query logger. It is called on the next turn of the loop, when the frames of the application
are gone: the origin of its statements is not known. COPY does not pass through a logger.

sqlite3: the trace callback. SQLite tells a statement when it begins, with its values filled in, and
nothing afterwards. So the text that is kept is its fingerprint, and neither seconds nor rows are
known. A statement that fires a trigger is told again for what runs inside it. A connection has one
callback and does not say which: after the capture it has none.

A library is imported by whoever made the target; here it is only looked for.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NamedTuple

from velvet_databases.sqlcapture.origin import UNKNOWN

Report = Callable[..., None]
Uninstall = Callable[[], None]
_FACTORIES = ("cursor_factory", "server_cursor_factory")


class Hooked(NamedTuple):
    """What is hooked for a target, and how: `install` returns how to stop."""

    target: Any
    install: Callable[[Any, Report], Uninstall]


def find(target: Any) -> Hooked | None:
    """Return what to hook for a target, or None if it is of no library known here."""
    for library, of in _FINDERS.items():
        if library in sys.modules:
            found = of(target)
            if found is not None:
                return found
    return None


def _of_sqlalchemy(target: Any) -> Hooked | None:
    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.orm import Session

    target = getattr(target, "sync_engine", None) or getattr(target, "sync_session", target)
    target = getattr(target, "sync_connection", None) or target
    if isinstance(target, Session):
        bind = target.get_bind()
        target = bind.engine if isinstance(bind, Connection) else bind
    return Hooked(target, _sqlalchemy) if isinstance(target, (Engine, Connection)) else None


def _sqlalchemy(target: Any, report: Report) -> Uninstall:
    from sqlalchemy import event

    def tell(statement: str, parameters: Any, context: Any, many: bool, rowcount: Any) -> None:
        seconds = time.perf_counter() - context.velvet_began
        report(statement, parameters, seconds=seconds, rowcount=rowcount, many=many)

    def before(
        _conn: Any, _cursor: Any, _sql: str, _params: Any, context: Any, _many: bool
    ) -> None:
        context.velvet_began = time.perf_counter()

    def after(_conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool) -> None:
        tell(sql, params, context, many, cursor.rowcount)

    def failed(error: Any) -> None:
        context = error.execution_context
        if context is not None and error.statement is not None:
            many = bool(getattr(context, "executemany", False))
            tell(error.statement, error.parameters, context, many, None)

    # SQLAlchemy takes the listener for errors per engine only.
    listeners: list[tuple[Any, str, Callable[..., None]]] = [
        (target, "before_cursor_execute", before),
        (target, "after_cursor_execute", after),
        (target.engine, "handle_error", failed),
    ]
    for listener in listeners:
        event.listen(*listener)

    def uninstall() -> None:
        for listener in listeners:
            event.remove(*listener)

    return uninstall


def _of_django(target: Any) -> Hooked | None:
    from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
    from django.db import connections  # type: ignore[import-untyped]
    from django.db.backends.base.base import BaseDatabaseWrapper  # type: ignore[import-untyped]

    if type(target).__name__ == "ConnectionProxy":
        target = getattr(target, "alias", None)
    if isinstance(target, str):
        try:
            target = connections[target] if target in set(connections) else None
        except ImproperlyConfigured:  # Django is imported and not configured
            return None
    return Hooked(target, _django) if isinstance(target, BaseDatabaseWrapper) else None


def _django(target: Any, report: Report) -> Uninstall:
    def wrapper(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        with _Timed(context["cursor"], report, sql, params, many=many):
            return execute(sql, params, many, context)

    target.execute_wrappers.append(wrapper)
    return lambda: target.execute_wrappers.remove(wrapper)


def _of_peewee(target: Any) -> Hooked | None:
    from peewee import Database, Proxy

    if isinstance(target, Proxy):
        target = target.obj
    return Hooked(target, _peewee) if isinstance(target, Database) else None


def _peewee(target: Any, report: Report) -> Uninstall:
    kept = vars(target).get("execute_sql")
    original = target.execute_sql

    @wraps(original)
    def execute_sql(sql: Any, params: Any = None, *args: Any, **options: Any) -> Any:
        with _Timed(None, report, sql, params) as timed:
            timed.cursor = original(sql, params, *args, **options)
        return timed.cursor

    target.execute_sql = execute_sql

    def restore() -> None:
        if kept is None:
            del target.execute_sql  # the method of its class is visible again
        else:
            target.execute_sql = kept

    return restore


def _of_a_driver(target: Any) -> Hooked | None:
    if type(target).__name__ == "PoolConnectionProxy":  # asyncpg's pool lends it
        target = target._con
    kinds: dict[Any, Callable[[Any, Report], Uninstall]] = {sqlite3.Connection: _sqlite3}
    for name, install in (("psycopg", _psycopg), ("asyncpg", _asyncpg)):
        if name in sys.modules:
            kinds[sys.modules[name].Connection] = install
    found = (install for kind, install in kinds.items() if isinstance(target, kind))
    hook = next(found, None)
    return Hooked(target, hook) if hook is not None else None


def _sqlite3(target: Any, report: Report) -> Uninstall:
    def trace(sql: str) -> None:
        report(sql, seconds=None, rowcount=None, expanded=True)

    target.set_trace_callback(trace)
    return lambda: target.set_trace_callback(None)


def _asyncpg(target: Any, report: Report) -> Uninstall:
    def log(record: Any) -> None:
        args = record.args
        many = isinstance(args, list) or (
            bool(args) and all(isinstance(row, (list, tuple)) for row in args)
        )
        facts = {"seconds": record.elapsed, "rowcount": None, "many": many, "origin": UNKNOWN}
        report(record.query, args, **facts)

    target.add_query_logger(log)
    return lambda: target.remove_query_logger(log)


def _psycopg(target: Any, report: Report) -> Uninstall:
    kept = {name: getattr(target, name) for name in _FACTORIES}
    for name, base in kept.items():
        setattr(target, name, _cursor(base, report))

    def uninstall() -> None:
        for name, base in kept.items():
            setattr(target, name, base)

    return uninstall


# What has to be loaded for a target of its kind to exist -> what finds it.
_FINDERS: dict[str, Callable[[Any], Hooked | None]] = {
    "sqlalchemy": _of_sqlalchemy,
    "django": _of_django,
    "peewee": _of_peewee,
    "sys": _of_a_driver,  # it looks by itself
}


class _Timed:
    """Times one call of a cursor and reports it, whether it succeeds or fails."""

    def __init__(
        self, cursor: Any, report: Report, query: Any, params: Any, *, many: bool = False
    ) -> None:
        self.cursor, self.report = cursor, report
        self.query, self.params, self.many = query, params, many

    def __enter__(self) -> _Timed:
        self.sql = _text(self.query, self.cursor)
        self.began = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.report(
            self.sql,
            self.params,
            seconds=time.perf_counter() - self.began,
            rowcount=getattr(self.cursor, "rowcount", None) if kind is None else None,
            many=self.many,
        )


def _text(query: Any, cursor: Any) -> str:
    if hasattr(query, "as_string"):  # composed of parts
        return str(query.as_string(cursor))
    return query.decode("utf-8", "replace") if isinstance(query, bytes) else str(query)


def _cursor(base: Any, report: Report) -> Any:
    class Timing(base):  # type: ignore[misc]  # the base is the connection's own choice
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            with _Timed(self, report, query, params):
                return super().execute(query, params, **options)

        def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            rows = list(params_seq)
            with _Timed(self, report, query, rows, many=True):
                super().executemany(query, rows, **options)

        def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
            # The data follow later: what is timed is the way into COPY.
            with _Timed(self, report, statement, params):
                return super().copy(statement, params, **options)

        def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[Any]:
            # Told when the last row was read, or the reader stopped.
            with _Timed(self, report, query, params):
                yield from super().stream(query, params, **options)

    return Timing
