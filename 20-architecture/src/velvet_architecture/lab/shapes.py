"""One use case in three architectures on one SQLite file: sell units, tell other programs.

`NaiveShop` is the first version of many shops: read, compute, write, then call the broker. Two
writers overwrite each other, and a crash before the call loses the message. `HexagonalShop` puts a
domain object behind a repository with a version column, and the message into a table of the same
transaction. `EventSourcedShop` stores what happened; the log is the outbox.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.app.messaging import TableOutbox
from velvet_architecture.bootstrap import build
from velvet_architecture.domain.stock import Allocate, OutOfStock, Stock, stock_decider
from velvet_architecture.ports import Broker, ConcurrencyError, Message, uuid7

SKU = "lamp"
Pause = Callable[[], None]


class Shop(Protocol):
    """What the three have in common."""

    retries: int

    def sell(self, order_id: str) -> bool:
        """Sell one unit; False when none is left."""

    def close(self) -> None:
        """Release the file."""


def _connect(path: Path, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


class _State:
    """A table of stock and one of sold orders, with one connection a thread."""

    def __init__(self, path: Path, units: int, synchronous: str) -> None:
        self._path, self._synchronous = path, synchronous
        self._local, self._lock = threading.local(), threading.Lock()
        self._opened: list[sqlite3.Connection] = []
        self.retries = 0
        self.db.execute("CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, qty INT, v INT)")
        self.db.execute("CREATE TABLE IF NOT EXISTS sold (order_id TEXT PRIMARY KEY)")
        self.db.execute("INSERT OR IGNORE INTO stock VALUES (?, ?, 1)", (SKU, units))

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection."""
        if not hasattr(self._local, "db"):
            self._local.db = _connect(self._path, self._synchronous)
            with self._lock:
                self._opened.append(self._local.db)
        connection: sqlite3.Connection = self._local.db
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            while self._opened:
                self._opened.pop().close()


def _sold(order_id: str) -> Message:
    return Message(order_id, "/velvet/shop", "Sold", "", {"order": order_id})


class NaiveShop(_State):
    """A transaction script with two faults: a lost update, and a dual write.

    Args:
        synchronous: SQLite's setting, ``normal`` or ``full``.
        pause: called between reading and writing, as a stand-in for the think time of a request.
        broker: is told after the commit; without one, no message is sent.
    """

    def __init__(
        self,
        path: Path,
        units: int,
        *,
        synchronous: str = "normal",
        pause: Pause = lambda: None,
        broker: Broker | None = None,
    ) -> None:
        super().__init__(path, units, synchronous)
        self._pause, self._broker = pause, broker

    def sell(self, order_id: str) -> bool:
        """Sell one unit; wrong with two writers."""
        qty = self.db.execute("SELECT qty FROM stock WHERE sku = ?", (SKU,)).fetchone()[0]
        if qty < 1:
            return False
        self._pause()
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("UPDATE stock SET qty = ? WHERE sku = ?", (qty - 1, SKU))
        self.db.execute("INSERT OR IGNORE INTO sold VALUES (?)", (order_id,))
        self.db.execute("COMMIT")
        if self._broker:
            self._broker.publish(_sold(order_id))
        return True


@dataclass(frozen=True)
class StockItem:
    """The domain object: no SQL, one rule."""

    sku: str
    qty: int
    version: int

    def take(self) -> StockItem | None:
        """Return the item with one unit less, None when there is none."""
        return replace(self, qty=self.qty - 1) if self.qty > 0 else None


class Repository:
    """Loads and saves items; saving checks that the version is the one that was loaded."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def get(self, sku: str) -> StockItem:
        """Return an item."""
        row = self._db.execute("SELECT sku, qty, v FROM stock WHERE sku = ?", (sku,)).fetchone()
        return StockItem(*row)

    def save(self, item: StockItem) -> None:
        """Save an item, or raise ConcurrencyError."""
        done = self._db.execute(
            "UPDATE stock SET qty = ?, v = v + 1 WHERE sku = ? AND v = ?",
            (item.qty, item.sku, item.version),
        )
        if not done.rowcount:
            raise ConcurrencyError(item.sku, item.version, item.version + 1)


class HexagonalShop(_State):
    """Domain, repository, unit of work, version column and a table outbox."""

    def __init__(
        self, path: Path, units: int, *, synchronous: str = "normal", pause: Pause = lambda: None
    ) -> None:
        super().__init__(path, units, synchronous)
        self._pause = pause
        TableOutbox(self.db)

    @contextmanager
    def unit_of_work(self) -> Iterator[sqlite3.Connection]:
        """Commit everything that happens inside, or nothing."""
        outer = self.db.in_transaction  # then BEGIN is refused, and the outer one goes on
        try:
            self.db.execute("BEGIN IMMEDIATE")
            yield self.db
            self.db.execute("COMMIT")
        except BaseException:
            if not outer:
                self.db.rollback()
            raise

    def sell(self, order_id: str) -> bool:
        """Sell one unit; again when another writer was faster."""
        while True:
            item = Repository(self.db).get(SKU).take()
            if item is None:
                return False
            self._pause()
            try:
                with self.unit_of_work() as db:
                    Repository(db).save(item)
                    db.execute("INSERT OR IGNORE INTO sold VALUES (?)", (order_id,))
                    TableOutbox.put(db, _sold(order_id))
                return True
            except ConcurrencyError:
                self.retries += 1


class EventSourcedShop:
    """The aggregate behind an event store; the expected version does what the column did."""

    def __init__(
        self, path: Path, units: int, *, synchronous: str = "normal", pause: Pause = lambda: None
    ) -> None:
        self.store = SqliteEventStore(
            path, synchronous="full" if synchronous == "full" else "normal", busy_timeout_s=30
        )
        self.shop = build(self.store, cache_size=16)
        self.shop.receive(SKU, "first", units)
        self.retries = 0

        def decide(command: Any, state: Stock) -> list[Any]:
            pause()
            return stock_decider.decide(command, state)

        self._rules = replace(stock_decider, decide=decide)

    def sell(self, order_id: str) -> bool:
        """Sell one unit; the aggregate store tries again by itself."""
        done = self.shop.aggregates.execute(
            self._rules, f"stock-{SKU}", Allocate(order_id, 1), retries=10_000
        )
        self.retries += done.attempts - 1
        return not any(isinstance(event, OutOfStock) for event in done.events)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


SHAPES: dict[str, Callable[..., Shop]] = {
    "naive": NaiveShop,
    "hexagonal": HexagonalShop,
    "event_sourced": EventSourcedShop,
}


def race(
    shape: str, folder: Path, *, units: int = 100, writers: int = 8, think_s: float = 0.0005
) -> dict[str, int]:
    """Let threads sell until nothing is left; return what was sold of how many, and retries.

    Args:
        think_s: seconds between reading and writing.
    """
    shop = SHAPES[shape](folder / f"{uuid7()}.db", units, pause=lambda: time.sleep(think_s))
    sold, start = [0] * writers, threading.Barrier(writers)

    def work(number: int) -> None:
        start.wait()
        while sold[number] < units and shop.sell(f"{number}-{sold[number]}"):
            sold[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.close()
    lost = max(0, sum(sold) - units)
    return {"units": units, "sold": sum(sold), "lost_updates": lost, "retries": shop.retries}
