"""Many workers, one counter: which way of adding one loses updates, and what the others cost.

Every strategy does the same job (read a counter, add one, write it back) and differs only in how it
deals with another writer doing that at the same moment: not at all, in one statement, by locking the row,
by checking a version, or by a lock that the application agrees upon. The statements are those that an
application would send; `select_for_update` is `BEGIN IMMEDIATE` on SQLite, whose only lock is that of
the whole file.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg

from velvet_databases.isolation import Interleaving, Played
from velvet_databases.retry import RETRYABLE, retry_tx
from velvet_databases.stores.address import BUSY_SECONDS, read_address
from velvet_databases.stores.base import Unsupported
from velvet_databases.stores.failures import connect

STRATEGIES = (
    "read_modify_write",
    "atomic_update",
    "select_for_update",
    "version_column",
    "advisory_lock",
)
LEVELS: dict[str, tuple[str, ...]] = {
    "postgresql": ("read committed", "repeatable read", "serializable"),
    "sqlite": ("autocommit", "serializable"),
}
MAKE = (
    "CREATE TABLE {} (id INTEGER PRIMARY KEY, value INTEGER, version INTEGER)",
    "INSERT INTO {} VALUES (1, 0, 0)",
)
READ = "SELECT value, version FROM {} WHERE id = 1"
WRITE = "UPDATE {} SET value = {} WHERE id = 1"
CHECKED = "UPDATE {} SET value = {}, version = version + 1 WHERE id = 1 AND version = {}"
LOCK_KEY = 8_008
BUSY = frozenset({"SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"})


class Conflict(Exception):
    """Another writer was faster: the version is no longer the one that was read."""


class Counter:
    """A worker's connection to the counter; for one thread. `autocommit` opens no transaction."""

    def __init__(self, connection: Any, backend: str, table: str, level: str) -> None:
        self._connection, self._sqlite = connection, backend == "sqlite"
        mark = "?" if self._sqlite else "%s"
        begin = "BEGIN" if self._sqlite else f"BEGIN ISOLATION LEVEL {level}"
        self._begin = "" if level == "autocommit" else begin
        self._read = READ.format(table)
        self._write = WRITE.format(table, mark)
        self._add = WRITE.format(table, "value + 1")
        self._checked = CHECKED.format(table, mark, mark)
        self.close = connection.close

    def add_one(self, strategy: str) -> None:
        """One transaction; raises whatever the database does, after rolling back."""
        locked = strategy == "select_for_update"
        begin = "BEGIN IMMEDIATE" if locked and self._sqlite else self._begin
        if begin:
            self._connection.execute(begin)
        try:
            self._step(strategy)
            if begin:
                self._connection.execute("COMMIT")
        except BaseException:
            if begin:
                with suppress(psycopg.Error, sqlite3.Error):  # it is the failure that counts
                    self._connection.execute("ROLLBACK")
            raise

    def _step(self, strategy: str) -> None:
        if strategy == "atomic_update":
            self._connection.execute(self._add)
            return
        if strategy == "advisory_lock":
            if self._sqlite:
                raise Unsupported("SQLite has no advisory locks; BEGIN IMMEDIATE locks the file")
            # Above READ COMMITTED this statement takes the snapshot, before the lock is granted.
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        locked = strategy == "select_for_update" and not self._sqlite
        read = self._connection.execute(f"{self._read} FOR UPDATE" if locked else self._read)
        value, version = read.fetchone()
        if strategy != "version_column":
            self._connection.execute(self._write, (value + 1,))
        elif not self._connection.execute(self._checked, (value + 1, version)).rowcount:
            raise Conflict


class RaceTable:
    """A table of its own with a counter in it, and how workers reach it.

    Raises:
        ValueError: the level is unknown; `StoreUnavailable`: so is the scheme.
    """

    def __init__(self, url: str, level: str) -> None:
        address = read_address(url, frozenset(LEVELS))
        if level not in LEVELS[address.backend]:
            known = ", ".join(LEVELS[address.backend])
            raise ValueError(f"{address.backend} has no level {level!r} here; known are {known}")
        self._address, self._level = address, level
        self._table = f"race_{uuid.uuid4().hex[:12]}"
        self.on = BUSY if address.backend == "sqlite" else RETRYABLE

    def _connect(self) -> Any:
        if self._address.backend == "sqlite":
            # The worker's thread is not the one that makes and closes it.
            connection = sqlite3.connect(
                self._address.path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            # Whether a commit reaches the disk decides no race, and costs milliseconds each.
            connection.execute("PRAGMA synchronous = NORMAL")
            return connection
        return connect(self._address, prepare_threshold=1)

    def counter(self) -> Counter:
        """Connect a worker."""
        return Counter(self._connect(), self._address.backend, self._table, self._level)

    def ask(self, *statements: str) -> list[tuple[Any, ...]]:
        """Execute statements on a connection of their own; return the rows of the last."""
        with closing(self._connect()) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def table(self) -> Iterator[None]:
        """Make the table, and remove it."""
        first = ["PRAGMA journal_mode = WAL"] if self._address.backend == "sqlite" else []
        self.ask(*first, *(sql.format(self._table) for sql in MAKE))
        try:
            yield
        finally:
            self.ask(f"DROP TABLE {self._table}")

    def value(self) -> int:
        """Return what the counter says."""
        return int(self.ask(READ.format(self._table))[0][0])


# A race has a winner in every round, so a worker that loses this often meets something else.
ATTEMPTS = 2000
START_SECONDS = 30.0
MOVE = "UPDATE account SET cents = cents {} WHERE id = {}"


@dataclass(frozen=True)
class RaceResult:
    """What a race left behind.

    Attributes:
        expected: increments that were reported as done; `got` is what the counter says.
        lost: the difference.
        retries: transactions that were run again.
        ops_per_s: increments per second of all workers together.
    """

    strategy: str
    level: str
    expected: int
    got: int
    lost: int
    retries: int
    ops_per_s: float


def race_counter(
    url: str,
    strategy: str,
    level: str,
    workers: int = 4,
    increments: int = 50,
    *,
    seed: int = 7,
) -> RaceResult:
    """Let `workers` threads, each with a connection, add one `increments` times.

    What the database gives up is run again (`retry_tx`), and so is a version that was stale, until
    every increment is reported as done: what is missing then was lost without a word.

    Args:
        url: a PostgreSQL or an SQLite file; a table of its own is made there and removed.
        strategy: one of `STRATEGIES`.
        level: an isolation level; on SQLite ``serializable`` or ``autocommit``, in which every
            statement is a transaction of its own.
        seed: of the pauses between attempts.

    Raises:
        ValueError: an unknown strategy or level, a count below 1.
        Unsupported: SQLite has no such lock.
        StoreUnavailable, ServerFull: the database does not take the connections.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown strategy {strategy!r}; known are {', '.join(STRATEGIES)}")
    for name, count in (("workers", workers), ("increments", increments)):
        if count < 1:
            raise ValueError(f"{name} must be 1 or more, not {count}")
    race = RaceTable(url, level)
    with race.table(), ExitStack() as stack:
        counters = []
        for _ in range(workers):
            counters.append(race.counter())
            stack.callback(counters[-1].close)
        together = threading.Barrier(workers + 1)

        def work(number: int) -> int:
            rng = random.Random(seed * 1000 + number)
            together.wait(START_SECONDS)
            return sum(_insist(counters[number], strategy, race.on, rng) for _ in range(increments))

        threads = stack.enter_context(ThreadPoolExecutor(workers, "racer"))
        running = [threads.submit(work, number) for number in range(workers)]
        together.wait(START_SECONDS)
        began = time.perf_counter()
        retries = sum(one.result() for one in running)
        took = time.perf_counter() - began
        got, expected = race.value(), workers * increments
    return RaceResult(strategy, level, expected, got, expected - got, retries, expected / took)


def _insist(counter: Counter, strategy: str, on: frozenset[str], rng: random.Random) -> int:
    """Add one, however often it takes; return how often it took another attempt."""
    calls = 0

    def once() -> None:
        nonlocal calls
        calls += 1
        counter.add_one(strategy)

    while True:
        try:
            retry_tx(once, on, ATTEMPTS, base=0.001, cap=0.02, rng=rng)
        except Conflict:
            continue  # read again: the version has moved, so another writer got on
        return calls - 1


def deadlock_demo(url: str, ordered: bool) -> Played:
    """Let two transactions move money between two accounts, in opposite directions.

    Without an order each locks the account that it debits first, and waits for the other: the
    server gives one up (40P01) after `deadlock_timeout`. `ordered` locks the lower key first,
    whatever the direction, and one simply waits for the other.

    Raises as `Interleaving.play`; needs PostgreSQL, as SQLite has one lock only.
    """
    first, second = ("- 10", 1), ("+ 10", 2)
    mirrored = [("- 10", 2), ("+ 10", 1)]
    if ordered:
        mirrored.reverse()

    return Interleaving(
        url,
        "read committed",
        (
            "CREATE TABLE account (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL)",
            "INSERT INTO account VALUES (1, 100), (2, 100)",
        ),
        [
            ("T1", MOVE.format(*first)),
            ("T2", MOVE.format(*mirrored[0])),
            ("T1", MOVE.format(*second)),
            ("T2", MOVE.format(*mirrored[1])),
            ("T1", "COMMIT"),
            ("T2", "COMMIT"),
        ],
        final="SELECT id, cents FROM account ORDER BY id",
    ).play()
