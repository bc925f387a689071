"""Schema changes of a live table: what they lock, how they give way, how a column is filled.

A statement that waits for its lock makes every later one wait behind it, readers too. So a change
of half a millisecond behind one forgotten transaction stops all traffic for as long as that
transaction lives. With a short `lock_timeout` the change steps back and lets the others pass.

One UPDATE of a large table holds every row until it commits. Pieces of a few thousand rows hold
them for milliseconds, and because the place reached is stored together with the rows, a process
that is killed in between goes on where it stopped, neither skipping nor repeating work.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

Connection = psycopg.Connection[Any]
_NAME = re.compile(r'(?:"((?:[^"]|"")+)"|([^".]+))(?:\.|\Z)')
_BLOCKERS = """
SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
ORDER BY xact_start
"""
#: Modes from the weakest to the strongest; each conflicts with writers or readers from a point on.
MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
_LOCKS = "SELECT mode, relation::bigint FROM pg_locks WHERE pid = pg_backend_pid()"
_TABLES = """
SELECT c.oid::bigint, c.relfilenode::bigint, pg_stat_get_xact_numscans(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT LIKE 'pg\\_%'
"""
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


@dataclass(frozen=True)
class Blocker:
    """A transaction that was open when a change was given up.

    Attributes:
        pid: its back end; `pg_terminate_backend(pid)` ends it.
        age_s: seconds since it began.
    """

    pid: int
    age_s: float


class MigrationBlocked(Exception):
    """A change never got its lock, and changed nothing; what was committed before it stays.

    Attributes:
        blockers: transactions that were open at the last attempt, oldest first.
        attempts: how often it was tried.
    """

    def __init__(self, ddl: str, blockers: list[Blocker], attempts: int) -> None:
        self.blockers, self.attempts = blockers, attempts
        named = ", ".join(f"pid {one.pid} for {one.age_s:.1f} s" for one in blockers) or "none"
        super().__init__(
            f"no lock in {attempts} attempts for {ddl[:80]!r}; open transactions: {named}. "
            "End them, or try when they are done"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


def names(text: str) -> tuple[str, ...]:
    """Return the names in the name of a table or column, the schema's first where it has one.

    A name is what it is in the catalogue: `Order` is not `order`, and no word is reserved. A dot
    separates the schema; a name that holds a dot or a quote is given in double quotes, as in SQL.

    >>> names('shop."Item.1"')
    ('shop', 'Item.1')

    Raises:
        ValueError: it cannot be read as one or two names.
    """
    found = list(_NAME.finditer(text))
    whole = "".join(one.group() for one in found) == text and not text.endswith(".")
    if not whole or not 1 <= len(found) <= 2:
        raise ValueError(f'{text!r} is no name: write table, schema.table or "a.table" in quotes')
    return tuple((one[1] or one[2]).replace('""', '"') for one in found)


def named(text: str) -> sql.Identifier:
    """Return a name as `names` reads it, quoted for SQL."""
    return sql.Identifier(*names(text))


def _needs_autocommit(connection: Connection, what: str) -> None:
    if not connection.autocommit:
        raise ValueError(f"{what} needs a connection in autocommit mode: connect(autocommit=True)")


def safe_ddl(
    connection: Connection,
    ddl: str | list[str],
    lock_timeout_ms: int = 200,
    attempts: int = 20,
    *,
    pause: float = 0.3,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Run one schema change, giving way to others between attempts; returns the attempt that did.

    Args:
        connection: in autocommit mode, so that nothing is held while it pauses.
        ddl: one statement, or several that are done together or not at all.
        lock_timeout_ms: how long others may have to wait behind it, at most, each time.
        pause: seconds between two attempts, in which the others pass.

    Raises:
        MigrationBlocked: the lock was never free.
        ValueError: the connection is not in autocommit mode, or a number is below its least.
    """
    _needs_autocommit(connection, "safe_ddl")
    if lock_timeout_ms < 1 or attempts < 1 or pause < 0:
        raise ValueError(
            "lock_timeout_ms and attempts must be at least 1 and pause at least 0, "
            f"not {lock_timeout_ms}, {attempts} and {pause}"
        )
    statements = [ddl] if isinstance(ddl, str) else ddl
    for attempt in range(1, attempts + 1):
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = {int(lock_timeout_ms)}")
                for statement in statements:
                    connection.execute(statement.encode())
        except psycopg.errors.LockNotAvailable:
            if attempt < attempts:
                sleep(pause)
        else:
            return attempt
    with connection.cursor(row_factory=tuple_row) as cursor:
        blockers = [Blocker(pid, age) for pid, age in cursor.execute(_BLOCKERS)]
    raise MigrationBlocked("; ".join(statements), blockers, attempts)


@dataclass(frozen=True)
class LockReport:
    """What one statement does to the tables and materialized views that exist.

    Attributes:
        mode: the strongest lock it holds on one of them; empty when it holds none.
        rewrites_table: whether the table's file is written anew, in time that grows with its rows.
        scans_table: whether all rows are read while the lock is held.
    """

    mode: str
    rewrites_table: bool
    scans_table: bool

    @property
    def blocks_reads(self) -> bool:
        """Whether a SELECT waits for it."""
        return self.mode == MODES[-1]

    @property
    def blocks_writes(self) -> bool:
        """Whether INSERT, UPDATE and DELETE wait for it."""
        return self.mode in MODES[MODES.index("ShareLock") :]


def lock_report(connection: Connection, ddl: str) -> LockReport:
    """Run a schema change, note what it locked and rewrote, and roll it back.

    Catalogues of "safe" statements age with every release, so the server itself is asked:
    `pg_locks` says which lock was taken on which table, a new `relfilenode` that the table was
    rewritten. The table really is locked meanwhile, so ask a copy and not the database that serves.
    Source: PostgreSQL manual, "Explicit Locking" (table 13.2, conflicting lock modes).

    Args:
        connection: with no transaction open, so that its locks are the statement's alone.
        ddl: one statement. What cannot run in a transaction, such as CREATE INDEX CONCURRENTLY,
            cannot be asked about.

    Raises:
        ValueError: more than one statement, or the connection is in a transaction.
    """
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        raise ValueError("lock_report needs a connection with no transaction open: commit first")
    try:
        with (
            connection.transaction(force_rollback=True),
            # Not the connection's own kind of cursor, which may fill in values by itself.
            psycopg.Cursor(connection, row_factory=tuple_row) as cursor,
        ):
            # The list of tables is read first, because reading it scans nothing of the user's.
            before = {oid: (node, scans) for oid, node, scans in cursor.execute(_TABLES)}
            # The binary format means the extended protocol, which takes one statement and no more.
            cursor.execute(ddl.encode(), binary=True)
            after = {oid: (node, scans) for oid, node, scans in cursor.execute(_TABLES)}
            locks = [mode for mode, oid in cursor.execute(_LOCKS) if oid in before]
    except psycopg.errors.SyntaxError as error:
        if "multiple commands" not in str(error):
            raise
        raise ValueError("one statement at a time: its locks would be those of all") from error
    kept = [(before[oid], after[oid]) for oid in before if oid in after]
    return LockReport(
        max(locks, key=MODES.index, default=""),
        rewrites_table=any(old[0] != new[0] for old, new in kept),
        scans_table=any((new[1] or 0) > (old[1] or 0) for old, new in kept),
    )


def checkpoint(connection: Connection, name: str) -> int | None:
    """Return the last key that a backfill filled; None where it has not begun."""
    connection.execute(_CHECKPOINTS)
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT last_key FROM backfill_checkpoint WHERE name = %s", (name,))
        found = cursor.fetchone()
    return None if found is None else int(found[0])


def backfill(
    connection: Connection,
    table: str,
    column: str,
    expression: str,
    *,
    key: str = "id",
    only: str = "TRUE",
    size: int = 5_000,
) -> int:
    """Set a column of all rows, piece by piece in the order of a key; returns the rows filled.

    Calling it again goes on from the checkpoint named ``table.column``. Rows that are added
    meanwhile are a trigger's to fill: without that bound it would chase its writers for ever.

    Args:
        connection: in autocommit mode; every piece is a transaction of its own.
        table, column, key: names as `names` reads them.
        expression: SQL over the row's other columns, trusted like any migration.
        key: a column of whole numbers above 0 with a unique index.
        only: SQL that is true for the rows to change; others are passed over.
        size: rows in a piece.

    Raises:
        ValueError: the connection is not in autocommit mode, or the size is below 1.
    """
    _needs_autocommit(connection, "backfill")
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")
    name, of = f"{table}.{column}", {"key": named(key), "table": named(table)}
    statement = sql.SQL(_PIECE).format(
        **of,
        column=named(column),
        # What the driver would take for placeholders are operators here.
        expression=sql.SQL(expression.replace("%", "%%")),
        only=sql.SQL(only.replace("%", "%%")),
    )
    last, filled = checkpoint(connection, name) or 0, 0
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(sql.SQL("SELECT max({key}) FROM {table}").format(**of))
        (top,) = cursor.fetchone() or (None,)
    while True:
        with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(statement, {"last": last, "top": top, "size": size})
            reached, count = cursor.fetchone() or (None, 0)
            if reached is None:
                return filled
            last, filled = int(reached), filled + int(count)
            cursor.execute(
                "INSERT INTO backfill_checkpoint VALUES (%s, %s) "
                "ON CONFLICT (name) DO UPDATE SET last_key = excluded.last_key",
                (name, last),
            )


def forget(connection: Connection, table: str, column: str) -> None:
    """Remove the checkpoint of a backfill, so that the next one begins at the first row."""
    connection.execute(_CHECKPOINTS)
    connection.execute("DELETE FROM backfill_checkpoint WHERE name = %s", (f"{table}.{column}",))
