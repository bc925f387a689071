"""Fill a column in pieces: short locks, and a checkpoint in the same transaction as the rows.

One UPDATE of a large table holds every row until it commits. Pieces of a few thousand rows hold
them for milliseconds, and because the place reached is stored together with the rows, a process
that is killed in between goes on where it stopped, neither skipping nor repeating work.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from velvet_databases.migrate.ddl import named

_CHECKPOINTS = (
    "CREATE TABLE IF NOT EXISTS backfill_checkpoint "
    "(name TEXT PRIMARY KEY, last_key BIGINT NOT NULL)"
)
_PIECE = """
WITH piece AS (
    SELECT {key} AS key FROM {table} WHERE {key} > %(last)s AND {key} <= %(top)s
    ORDER BY {key} LIMIT %(size)s),
filled AS (
    UPDATE {table} SET {column} = {expression} FROM piece
    WHERE {table}.{key} = piece.key AND ({only}))
SELECT max(key), count(*) FROM piece
"""


def checkpoint(connection: psycopg.Connection[Any], name: str) -> int | None:
    """Return the last key that a backfill filled; None where it has not begun."""
    connection.execute(_CHECKPOINTS)
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT last_key FROM backfill_checkpoint WHERE name = %s", (name,))
        found = cursor.fetchone()
    return None if found is None else int(found[0])


def backfill(
    connection: psycopg.Connection[Any],
    table: str,
    column: str,
    expression: str,
    *,
    key: str = "id",
    only: str = "TRUE",
    size: int = 5_000,
    pieces: int | None = None,
) -> int:
    """Set a column of all rows, piece by piece in the order of a key; returns the rows filled.

    Calling it again goes on from the checkpoint named ``table.column``. Rows that are added
    meanwhile are a trigger's to fill: without that bound it would chase its writers for ever.

    Args:
        connection: in autocommit mode; every piece is a transaction of its own.
        table, column, key: names as `ddl.named` reads them.
        expression: SQL over the row's other columns, trusted like any migration.
        key: a column of whole numbers above 0 with a unique index.
        only: SQL that is true for the rows to change; others are passed over.
        size: rows in a piece.
        pieces: stop after so many, for a migration with a time window.

    Raises:
        ValueError: the connection is not in autocommit mode, or a size is below 1.
    """
    if not connection.autocommit:
        raise ValueError("backfill needs a connection in autocommit mode: connect(autocommit=True)")
    if size < 1 or (pieces is not None and pieces < 1):
        raise ValueError(f"size and pieces must be at least 1, not {size} and {pieces}")
    name = f"{table}.{column}"
    statement = sql.SQL(_PIECE).format(
        key=named(key),
        table=named(table),
        column=named(column),
        # What the driver would take for placeholders are operators here.
        expression=sql.SQL(expression.replace("%", "%%")),
        only=sql.SQL(only.replace("%", "%%")),
    )
    last, filled = checkpoint(connection, name) or 0, 0
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(sql.SQL("SELECT max({}) FROM {}").format(named(key), named(table)))
        (top,) = cursor.fetchone() or (None,)
    while pieces is None or pieces > 0:
        with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(statement, {"last": last, "top": top, "size": size})
            found = cursor.fetchone()
            reached, count = found or (None, 0)
            if reached is None:
                break
            last, filled = int(reached), filled + int(count)
            cursor.execute(
                "INSERT INTO backfill_checkpoint VALUES (%s, %s) "
                "ON CONFLICT (name) DO UPDATE SET last_key = excluded.last_key",
                (name, last),
            )
        pieces = None if pieces is None else pieces - 1
    return filled


def forget(connection: psycopg.Connection[Any], table: str, column: str) -> None:
    """Remove the checkpoint of a backfill, so that the next one begins at the first row."""
    connection.execute(_CHECKPOINTS)
    connection.execute("DELETE FROM backfill_checkpoint WHERE name = %s", (f"{table}.{column}",))
