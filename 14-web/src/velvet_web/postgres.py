"""The same store on PostgreSQL, over a pool of psycopg connections.

A pool answers two questions that a single connection leaves open: how many queries the server
gets at once, and how long a request waits when all of them are taken. Both are bounded here, and
both failures are a 503 that goes away when the server is back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from velvet_web.store import SCHEMA, Run, TaskStore, Unavailable

if TYPE_CHECKING:
    from typing_extensions import LiteralString

T = TypeVar("T")


def pg_sql(text: str) -> LiteralString:
    """Return a statement of ours in psycopg's style of parameters."""
    return text.replace("?", "%s")


class PgStore(TaskStore):
    """Tasks in PostgreSQL; for synchronous front ends, and for async ones through threads."""

    def __init__(self, dsn: str, *, connections: int = 8, busy: float = 0.5) -> None:
        self._pool = ConnectionPool(
            dsn,
            min_size=1,
            max_size=connections,
            timeout=max(busy, 0.1),
            reconnect_timeout=1.0,
            open=False,
            check=ConnectionPool.check_connection,
        )
        self._pool.open(wait=True, timeout=10)
        key = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        with self._pool.connection() as connection:
            # Workers that start together must not create the tables at the same time.
            connection.execute("SELECT pg_advisory_xact_lock(14)")
            for statement in SCHEMA:
                connection.execute(pg_sql(statement.format(key=key)))

    def transact(self, work: Callable[[Run], T], *, write: bool = False) -> T:  # noqa: ARG002
        """Run `work` in a transaction of its own."""
        try:
            with self._pool.connection() as connection:

                def run(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
                    cursor = connection.execute(pg_sql(sql), values)
                    return cursor.fetchall() if cursor.description else []

                return work(run)
        except PoolTimeout:
            self._pool.check()
            raise Unavailable("has no connection left") from None
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable("went away") from error

    def close(self) -> None:
        """Close the pool and its worker threads."""
        self._pool.close()
