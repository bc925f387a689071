"""Many workers, one counter: which way of adding one loses updates, and what the others cost.

Every strategy reads a counter, adds one and writes it back; they differ in how they deal with
another writer doing that at the same moment: not at all, in one statement, by locking the row, by
checking a version, or by a lock that the application agrees upon. `select_for_update` is `BEGIN
IMMEDIATE` on SQLite, whose only lock is that of the whole file.

A serialization failure or a deadlock is not a bug: one transaction was given up so that the others
stay right, and is expected to come again, reads included. `retry_tx` does that. Sources: PostgreSQL
manual, "Serialization Failure Handling"; M. Brooker, "Exponential Backoff And Jitter".
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg

from velvet_databases.isolation import Interleaving, Played
from velvet_databases.stores.address import BUSY_SECONDS, Address, read_address
from velvet_databases.stores.base import Unsupported
from velvet_databases.stores.failures import chain, connect, sqlstate

T = TypeVar("T")
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
RETRYABLE = frozenset({"40001", "40P01"})
BUSY = frozenset({"SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"})
MAKE = (
    "CREATE TABLE {} (id INTEGER PRIMARY KEY, value INTEGER, version INTEGER)",
    "INSERT INTO {} VALUES (1, 0, 0)",
)
READ = "SELECT value, version FROM {} WHERE id = 1"
WRITE = "UPDATE {} SET value = {} WHERE id = 1"
CHECKED = "UPDATE {} SET value = {}, version = version + 1 WHERE id = 1 AND version = {}"
LOCK_KEY = 8_008
# A race has a winner in every round, so a worker that loses this often meets something else.
ATTEMPTS = 2000
START_SECONDS = 30.0
MOVE = "UPDATE account SET cents = cents {} WHERE id = {}"


def state_of(error: BaseException) -> str:
    """Return the SQLSTATE of an error or of what it wraps; for SQLite its result code by name."""
    for one in chain(error):
        if isinstance(one, sqlite3.Error):
            name: str | None = getattr(one, "sqlite_errorname", None)
            # Python 3.10 gives no name; its text does not tell a stale snapshot from a lock.
            return name or ("SQLITE_BUSY" if "locked" in str(one) else "SQLITE_ERROR")
    return sqlstate(error)


def retry_tx(
    fn: Callable[[], T],
    on: Collection[str] = RETRYABLE,
    attempts: int = 5,
    base: float = 0.01,
    cap: float = 0.5,
    rng: random.Random | None = None,
    *,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """Call `fn` until it succeeds, fails with something else, or has failed `attempts` times.

    Pauses are drawn from a whole interval ("full jitter"), so that two who collided do not collide
    again. Thread-safe if `fn` is.

    Args:
        fn: one whole transaction, from BEGIN to COMMIT; it rolls back before it raises.
        on: SQLSTATEs worth another attempt. Others are raised at once.
        base: the pause before attempt n+1 is drawn from 0 to base * 2**(n-1) seconds ...
        cap: ... but never from more than this.

    Raises:
        ValueError: `attempts` below 1, or a negative time.
        BaseException: the last error of `fn`, with the number of calls in its `attempts`.
    """
    if not attempts >= 1:
        raise ValueError(f"attempts must be 1 or more, not {attempts}")
    for name, seconds in (("base", base), ("cap", cap)):
        if not seconds >= 0.0:
            raise ValueError(f"{name} must be seconds >= 0, not {seconds!r}")
    source = rng or random.Random()
    attempt = 0
    while True:
        attempt += 1
        try:
            return fn()
        except Exception as error:
            if attempt >= attempts or state_of(error) not in on:
                error.attempts = attempt  # type: ignore[attr-defined]
                raise
        # 2.0 ** 1024 would overflow, and no cap is reached so late.
        sleep(source.uniform(0.0, min(cap, base * 2.0 ** min(attempt - 1, 100))))


class Conflict(Exception):
    """Another writer was faster: the version is no longer the one that was read."""


class Counter:
    """A worker's connection to the counter; for one thread. `autocommit` opens no transaction."""

    def __init__(self, connection: Any, backend: str, table: str, level: str) -> None:
        self._execute, self.close = connection.execute, connection.close
        self._sqlite = backend == "sqlite"
        mark = "?" if self._sqlite else "%s"
        begin = "BEGIN" if self._sqlite else f"BEGIN ISOLATION LEVEL {level}"
        self._begin = "" if level == "autocommit" else begin
        self._read = READ.format(table)
        self._write = WRITE.format(table, mark)
        self._add = WRITE.format(table, "value + 1")
        self._checked = CHECKED.format(table, mark, mark)

    def add_one(self, strategy: str) -> None:
        """Run one transaction; raises whatever the database does, after rolling back."""
        locked = strategy == "select_for_update"
        begin = "BEGIN IMMEDIATE" if locked and self._sqlite else self._begin
        if begin:
            self._execute(begin)
        try:
            self._step(strategy)
            if begin:
                self._execute("COMMIT")
        except BaseException:
            if begin:
                with suppress(psycopg.Error, sqlite3.Error):  # it is the failure that counts
                    self._execute("ROLLBACK")
            raise

    def _step(self, strategy: str) -> None:
        if strategy == "atomic_update":
            self._execute(self._add)
            return
        if strategy == "advisory_lock":
            if self._sqlite:
                raise Unsupported("SQLite has no advisory locks; BEGIN IMMEDIATE locks the file")
            # Above READ COMMITTED this statement takes the snapshot, before the lock is granted.
            self._execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        locked = strategy == "select_for_update" and not self._sqlite
        read = f"{self._read} FOR UPDATE" if locked else self._read
        value, version = self._execute(read).fetchone()
        if strategy != "version_column":
            self._execute(self._write, (value + 1,))
        elif not self._execute(self._checked, (value + 1, version)).rowcount:
            raise Conflict


def _connect(address: Address) -> Any:
    if address.backend != "sqlite":
        return connect(address, prepare_threshold=1)
    # The worker's thread is not the one that makes and closes it.
    connection = sqlite3.connect(
        address.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    # Whether a commit reaches the disk decides no race, and costs milliseconds each.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _ask(address: Address, *statements: str) -> list[tuple[Any, ...]]:
    """Execute statements on a connection of their own; return the rows of the last."""
    with closing(_connect(address)) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def _counter_table(address: Address) -> Iterator[str]:
    """Make a table of its own with a counter in it, give its name, and remove it."""
    table = f"race_{uuid.uuid4().hex[:12]}"
    first = ["PRAGMA journal_mode = WAL"] if address.backend == "sqlite" else []
    _ask(address, *first, *(sql.format(table) for sql in MAKE))
    try:
        yield table
    finally:
        _ask(address, f"DROP TABLE {table}")


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
        level: one of `LEVELS`; in ``autocommit`` every statement is a transaction of its own.
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
    address = read_address(url, frozenset(LEVELS))
    if level not in LEVELS[address.backend]:
        known = ", ".join(LEVELS[address.backend])
        raise ValueError(f"{address.backend} has no level {level!r} here; known are {known}")
    on = BUSY if address.backend == "sqlite" else RETRYABLE
    with _counter_table(address) as table, ExitStack() as stack:
        counters = []
        for _ in range(workers):
            counters.append(Counter(_connect(address), address.backend, table, level))
            stack.callback(counters[-1].close)
        together = threading.Barrier(workers + 1)

        def work(number: int) -> int:
            rng = random.Random(seed * 1000 + number)
            together.wait(START_SECONDS)
            return sum(_insist(counters[number], strategy, on, rng) for _ in range(increments))

        threads = stack.enter_context(ThreadPoolExecutor(workers, "racer"))
        running = [threads.submit(work, number) for number in range(workers)]
        together.wait(START_SECONDS)
        began = time.perf_counter()
        retries = sum(one.result() for one in running)
        took = time.perf_counter() - began
        got, expected = int(_ask(address, READ.format(table))[0][0]), workers * increments
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
    debit, credit = MOVE.format("- 10", 1), MOVE.format("+ 10", 2)
    mirrored = [MOVE.format("- 10", 2), MOVE.format("+ 10", 1)]
    if ordered:
        mirrored.reverse()
    setup = (
        "CREATE TABLE account (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL)",
        "INSERT INTO account VALUES (1, 100), (2, 100)",
    )
    steps = [("T1", debit), ("T2", mirrored[0]), ("T1", credit), ("T2", mirrored[1])]
    steps += [("T1", "COMMIT"), ("T2", "COMMIT")]
    final = "SELECT id, cents FROM account ORDER BY id"
    return Interleaving(url, "read committed", setup, steps, final=final).play()
