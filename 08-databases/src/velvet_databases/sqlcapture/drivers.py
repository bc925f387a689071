"""The drivers: a hook of each connection, which is what the libraries above them connect with.

psycopg: a subclass of the connection's cursor classes, put into its cursor factories.

asyncpg: a query logger. It is called on the next turn of the loop, when the frames of the application
are gone: the origin of its statements is not known. COPY does not pass through a logger.

sqlite3: the trace callback. SQLite tells a statement when it begins, with its values filled in, and
nothing afterwards. So the text that is kept is its fingerprint, and neither seconds nor rows are
known. A statement that fires a trigger is told again for what runs inside it. A connection has one
callback and does not say which: after the capture it has none.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from velvet_databases.sqlcapture.origin import UNKNOWN

_FACTORIES = ("cursor_factory", "server_cursor_factory")


def hookable(target: Any) -> Any:
    """Return the connection (asyncpg's pool lends a proxy of one); None if it is none of ours."""
    if type(target).__name__ == "PoolConnectionProxy":
        target = target._con
    return target if _kind(target) else None


def install(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    """Let a connection tell what it sends; returns how to stop."""
    return _INSTALL[_kind(target)](target, report)


def _kind(target: Any) -> str:
    kinds: dict[str, Any] = {"sqlite3": sqlite3.Connection}
    for name in ("psycopg", "asyncpg"):
        if name in sys.modules:
            kinds[name] = sys.modules[name].Connection
    return next((name for name, kind in kinds.items() if isinstance(target, kind)), "")


def _sqlite3(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    def trace(sql: str) -> None:
        report(sql, seconds=None, rowcount=None, expanded=True)

    target.set_trace_callback(trace)
    return lambda: target.set_trace_callback(None)


def _asyncpg(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    def log(record: Any) -> None:
        args = record.args
        many = isinstance(args, list) or (
            bool(args) and all(isinstance(row, (list, tuple)) for row in args)
        )
        facts = {"seconds": record.elapsed, "rowcount": None, "many": many, "origin": UNKNOWN}
        report(record.query, args, **facts)

    target.add_query_logger(log)
    return lambda: target.remove_query_logger(log)


def _psycopg(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    kept = {name: getattr(target, name) for name in _FACTORIES}
    for name, base in kept.items():
        setattr(target, name, _cursor(base, report))

    def uninstall() -> None:
        for name, base in kept.items():
            setattr(target, name, base)

    return uninstall


_INSTALL = {"sqlite3": _sqlite3, "asyncpg": _asyncpg, "psycopg": _psycopg}


class _Telling:
    """Times one call of a cursor and reports it, whether it succeeds or fails."""

    def __init__(
        self,
        cursor: Any,
        report: Callable[..., None],
        query: Any,
        params: Any,
        *,
        many: bool = False,
    ) -> None:
        self.cursor, self.report = cursor, report
        self.sql = _text(query, cursor)
        self.params, self.many = params, many

    def __enter__(self) -> None:
        self.began = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.report(
            self.sql,
            self.params,
            seconds=time.perf_counter() - self.began,
            rowcount=self.cursor.rowcount if kind is None else None,
            many=self.many,
        )


def _text(query: Any, cursor: Any) -> str:
    if hasattr(query, "as_string"):  # composed of parts
        return str(query.as_string(cursor))
    return query.decode("utf-8", "replace") if isinstance(query, bytes) else str(query)


def _cursor(base: Any, report: Callable[..., None]) -> Any:
    class Telling(base):  # type: ignore[misc]  # the base is the connection's own choice
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            with _Telling(self, report, query, params):
                return super().execute(query, params, **options)

        def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            rows = list(params_seq)
            with _Telling(self, report, query, rows, many=True):
                super().executemany(query, rows, **options)

        def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
            # The data follow later: what is timed is the way into COPY.
            with _Telling(self, report, statement, params):
                return super().copy(statement, params, **options)

        def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[Any]:
            # Told when the last row was read, or the reader stopped.
            with _Telling(self, report, query, params):
                yield from super().stream(query, params, **options)

    return Telling
