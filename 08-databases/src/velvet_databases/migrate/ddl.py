"""Schema changes that give way: a lock that is not granted soon is given up and asked for again.

A statement that waits for its lock makes everybody who comes later wait behind it, readers too.
So a change of half a millisecond behind one forgotten transaction stops all traffic for as long as
that transaction lives. With a short `lock_timeout` the change steps back and lets the others pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

_BLOCKERS = """
SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
ORDER BY xact_start
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
    """A change never got its lock; nothing was changed.

    Attributes:
        blockers: transactions that were open at the last attempt, oldest first.
        attempts: how often it was tried.
    """

    def __init__(self, ddl: str, blockers: list[Blocker], attempts: int) -> None:
        self.blockers, self.attempts = blockers, attempts
        named = ", ".join(f"pid {one.pid} for {one.age_s:.1f} s" for one in blockers) or "nobody"
        super().__init__(
            f"no lock in {attempts} attempts for {ddl[:80]!r}; open transactions: {named}. "
            "End them, or try when they are done"
        )


def safe_ddl(
    connection: psycopg.Connection[Any],
    ddl: str,
    lock_timeout_ms: int = 200,
    attempts: int = 20,
    *,
    pause: float = 0.3,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Run one schema change, giving way to others between attempts; returns the attempt that did.

    Args:
        connection: in autocommit mode, so that nothing is held while it pauses.
        ddl: one statement.
        lock_timeout_ms: how long everybody may have to wait behind it, at most, each time.
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
    for attempt in range(1, attempts + 1):
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = {int(lock_timeout_ms)}")
                connection.execute(ddl.encode())
        except psycopg.errors.LockNotAvailable:
            if attempt < attempts:
                sleep(pause)
        else:
            return attempt
    with connection.cursor(row_factory=tuple_row) as cursor:
        blockers = [Blocker(pid, age) for pid, age in cursor.execute(_BLOCKERS)]
    raise MigrationBlocked(ddl, blockers, attempts)
