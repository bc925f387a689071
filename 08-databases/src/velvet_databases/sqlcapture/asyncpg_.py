"""asyncpg: a query logger of a connection.

asyncpg calls loggers on the next turn of the loop, when the frames of the application are gone: the
origin of its statements is not known. COPY does not pass through a logger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asyncpg import Connection  # type: ignore[import-untyped]
from asyncpg.pool import PoolConnectionProxy  # type: ignore[import-untyped]

from velvet_databases.sqlcapture.origin import UNKNOWN


def hookable(target: Any) -> Any:
    """Return the connection (a pool's proxy stands for its own); None if it is none of ours."""
    if isinstance(target, PoolConnectionProxy):
        target = target._con
    return target if isinstance(target, Connection) else None


def install(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    """Add a logger to a connection; returns how to take it out."""

    def log(record: Any) -> None:
        many = isinstance(record.args, list) or (
            bool(record.args) and all(isinstance(row, (list, tuple)) for row in record.args)
        )
        report(
            record.query,
            record.args,
            seconds=record.elapsed,
            rowcount=None,
            many=many,
            origin=UNKNOWN,
        )

    target.add_query_logger(log)
    return lambda: target.remove_query_logger(log)
