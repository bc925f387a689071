"""psycopg: a subclass of the connection's cursor class, put into its cursor factory."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg.sql import Composable

_FACTORIES = ("cursor_factory", "server_cursor_factory")


def hookable(target: Any) -> Any:
    """Return the connection, or None if it is none of ours."""
    return target if isinstance(target, (Connection, AsyncConnection)) else None


def install(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    """Let a connection make cursors that tell what they execute; returns how to stop."""
    kept = {name: getattr(target, name) for name in _FACTORIES}
    make = _async_cursor if isinstance(target, AsyncConnection) else _cursor
    for name, base in kept.items():
        setattr(target, name, make(base, report))

    def uninstall() -> None:
        for name, base in kept.items():
            setattr(target, name, base)

    return uninstall


class _Telling:
    """Times one call of a cursor and reports it, whether it succeeds or fails."""

    def __init__(self, cursor: Any, report: Callable[..., None], query: Any, params: Any) -> None:
        self.cursor, self.report = cursor, report
        self.sql = _text(query, cursor)
        self.params = params
        self.many = False

    def __enter__(self) -> _Telling:
        self.began = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.report(
            self.sql,
            self.params,
            seconds=time.perf_counter() - self.began,
            rowcount=self.cursor.rowcount if kind is None else None,
            many=self.many,
        )


def _text(query: Any, cursor: Any) -> str:
    if isinstance(query, Composable):
        return query.as_string(cursor)
    return query.decode("utf-8", "replace") if isinstance(query, bytes) else str(query)


def _cursor(base: Any, report: Callable[..., None]) -> Any:
    class Telling(base):  # type: ignore[misc]  # the base is the connection's own choice
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            with _Telling(self, report, query, params):
                return super().execute(query, params, **options)

        def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            rows = list(params_seq)
            with _Telling(self, report, query, rows) as telling:
                telling.many = True
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


def _async_cursor(base: Any, report: Callable[..., None]) -> Any:
    class Telling(base):  # type: ignore[misc]  # the base is the connection's own choice
        async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            with _Telling(self, report, query, params):
                return await super().execute(query, params, **options)

        async def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            rows = list(params_seq)
            with _Telling(self, report, query, rows) as telling:
                telling.many = True
                await super().executemany(query, rows, **options)

        def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
            with _Telling(self, report, statement, params):
                return super().copy(statement, params, **options)

        async def stream(
            self, query: Any, params: Any = None, **options: Any
        ) -> AsyncIterator[Any]:
            with _Telling(self, report, query, params):
                async with aclosing(super().stream(query, params, **options)) as rows:
                    async for row in rows:
                        yield row

    return Telling
