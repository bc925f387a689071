"""What a schema change locks, and how to give way: a lock not granted soon is asked for again.

A statement that waits for its lock makes every later one wait behind it, readers too. So a change
of half a millisecond behind one forgotten transaction stops all traffic for as long as that
transaction lives. With a short `lock_timeout` the change steps back and lets the others pass.
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


def safe_ddl(
    connection: psycopg.Connection[Any],
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
        attempts: how often to try.
        pause: seconds between two attempts, in which the others pass.
        sleep: how to pause.

    Raises:
        MigrationBlocked: the lock was never free.
        ValueError: the connection is not in autocommit mode, or a number is below its least.
    """
    if not connection.autocommit:
        raise ValueError("safe_ddl needs a connection in autocommit mode: connect(autocommit=True)")
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
        blocks_reads: whether a SELECT waits for it.
        blocks_writes: whether INSERT, UPDATE and DELETE wait for it.
    """

    mode: str
    rewrites_table: bool
    scans_table: bool

    @property
    def blocks_reads(self) -> bool:
        return self.mode == MODES[-1]

    @property
    def blocks_writes(self) -> bool:
        return self.mode in MODES[MODES.index("ShareLock") :]


def lock_report(connection: psycopg.Connection[Any], ddl: str) -> LockReport:
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
    kept = [oid for oid in before if oid in after]
    rewritten = [oid for oid in kept if before[oid][0] != after[oid][0]]
    scanned = [oid for oid in kept if (after[oid][1] or 0) > (before[oid][1] or 0)]
    return LockReport(max(locks, key=MODES.index, default=""), bool(rewritten), bool(scanned))
