"""What a schema change locks and rewrites, found by doing it and rolling it back.

Catalogues of "safe" statements age with every release. Here the server itself is asked: the
statement runs in a transaction, `pg_locks` says which lock it took on which table, a new
`relfilenode` that the table was rewritten, and the transaction is rolled back.
Source: PostgreSQL manual, "Explicit Locking" (table 13.2, conflicting lock modes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

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
_BLOCK_WRITES = MODES[MODES.index("ShareLock") :]
_LOCKS = "SELECT mode, relation::bigint FROM pg_locks WHERE pid = pg_backend_pid()"
_TABLES = """
SELECT c.oid::bigint, c.relfilenode::bigint, pg_stat_get_xact_numscans(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT LIKE 'pg\\_%'
"""


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
        """Only the strongest lock stops a plain SELECT."""
        return self.mode == "AccessExclusiveLock"

    @property
    def blocks_writes(self) -> bool:
        """From ShareLock on, writers wait."""
        return self.mode in _BLOCK_WRITES


def lock_report(connection: psycopg.Connection[Any], ddl: str) -> LockReport:
    """Run a schema change, note what it locked and rewrote, and roll it back.

    The table really is locked meanwhile, so ask a copy and not the database that serves.

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
