"""Schema changes that give way: a lock that is not granted soon is given up and asked for again.

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
