"""What the drivers of the `sqlite3` kind share: a connection, SQL by hand, rows to values.

These stores are the floor that every layer above is compared with. SQLite's driver and psycopg
have the same `execute`, so the same code drives both; what differs is in their two files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from operator import index
from typing import Any, ClassVar

from velvet_databases.domain import DDL, DROP, Dataset, Order, OrderLine, rows
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores.base import (
    Loading,
    NotFound,
    StaleWrite,
    TransferHow,
    Unsupported,
    check_method,
    not_open,
)
from velvet_databases.stores.failures import reading, translated
from velvet_databases.stores.sql import Sql, from_join, head, with_lines
from velvet_databases.stores.transfers import after, moves, no_account, overdraft


class Floor(ABC):
    """SQL by hand over one connection; used by one thread at a time."""

    name: ClassVar[str]
    backend: str
    sql: Sql
    _connection: Any = None

    @property
    def connection(self) -> Any:
        """The driver's connection; raises `StoreUnavailable` before `open` and after `close`."""
        if self._connection is None:
            raise not_open(self.name)
        return self._connection

    @abstractmethod
    def _transaction(self, *, reads_first: bool = False) -> AbstractContextManager[object]:
        """Open a transaction; `reads_first` where its first statement only reads."""

    @abstractmethod
    def bulk_methods(self) -> tuple[str, ...]:
        """The ways in which `insert_orders` can insert, slowest first."""

    @abstractmethod
    def _insert(self, table: str, values: list[tuple[Any, ...]], method: str) -> None:
        """Insert rows inside the transaction that is open."""

    def _values(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a row as the driver takes it."""
        return row

    def create_schema(self) -> None:
        """Make the tables."""
        with self._transaction():
            for statement in DDL[self.backend]:
                self.connection.execute(statement)

    def drop_schema(self) -> None:
        """Remove the tables, if they are there."""
        with self._transaction():
            for statement in DROP:
                self.connection.execute(statement)

    def insert_reference(self, data: Dataset) -> None:
        """Insert customers, products and accounts."""
        with translated(self.backend, data), self._transaction():
            for table, items in (
                ("customer", rows(data.customers)),
                ("product", rows(data.products)),
                ("account", rows(data.accounts)),
            ):
                if items:
                    self.connection.cursor().executemany(self.sql.insert[table], items)

    def insert_orders(self, data: Dataset, method: str) -> int:
        """Insert the orders and their lines; return the number of rows."""
        check_method(method, self.bulk_methods())
        heads = [self._values(order.head) for order in data.orders]
        lines = rows(data.lines)
        with translated(self.backend, data), self._transaction():
            for table, values in (("orders", heads), ("order_line", lines)):
                if values:
                    self._insert(table, values, method)
        return len(heads) + len(lines)

    def _lines(self, order_id: int) -> list[OrderLine]:
        found = self.connection.execute(self.sql.lines, (index(order_id),)).fetchall()
        return [OrderLine(*row) for row in found]

    @reading
    def get_order(self, order_id: int) -> Order:
        """Return one order with its lines; raises `NotFound`."""
        row = self.connection.execute(self.sql.order, (index(order_id),)).fetchone()
        if row is None:
            raise NotFound(f"there is no order {order_id}")
        return with_lines([head(row)], self._lines(order_id))[0]

    @reading
    def page(self, after_id: int, limit: int) -> list[Order]:
        """Return the heads of the next orders by key."""
        found = self.connection.execute(self.sql.page, (index(after_id), index(limit))).fetchall()
        return [head(row) for row in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        """Return the first orders with their lines."""
        if strategy is Loading.RAISE:
            raise Unsupported("a driver has no lazy attributes that could raise")
        if strategy is Loading.JOIN:
            return from_join(self.connection.execute(self.sql.join, (index(limit),)).fetchall())
        heads = self.page(-(2**62), limit)
        if strategy is Loading.LAZY:
            return with_lines(heads, (line for one in heads for line in self._lines(one.id)))
        if not heads:
            return []
        keys = tuple(one.id for one in heads)
        found = self.connection.execute(self.sql.lines_of(len(keys)), keys).fetchall()
        return with_lines(heads, (OrderLine(*row) for row in found))

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        """Yield the heads of all orders by key."""
        cursor = self.connection.execute(self.sql.stream)
        while found := cursor.fetchmany(batch):
            yield from (head(row) for row in found)

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version."""
        with translated(self.backend), self._transaction():
            done = self.connection.execute(
                self.sql.set_status, (status, index(order_id), index(expected_version))
            )
            if done.rowcount == 0:
                now = self.get_order(order_id).version
                raise StaleWrite(
                    f"order {order_id} is at version {now}, expected {expected_version}"
                )

    def balance(self, account_id: int) -> int:
        """Return the cents of an account; raises `NotFound`."""
        return self._account(self.sql.account, account_id)[0]

    def _account(self, statement: str, account_id: int) -> tuple[int, int]:
        row = self.connection.execute(statement, (index(account_id),)).fetchone()
        if row is None:
            raise no_account(account_id)
        return row[0], row[1]

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        """Move money in one transaction."""
        changes = moves(source, target, cents)
        if how is TransferHow.FOR_UPDATE and self.backend == "sqlite":
            raise Unsupported("SQLite locks the whole file, never a row: it has no FOR UPDATE")
        atomic = how is TransferHow.ATOMIC
        with translated(self.backend), self._transaction(reads_first=not atomic):
            if atomic:
                self._add(changes)
            else:
                self._write_back(changes, how)

    def _add(self, changes: list[tuple[int, int]]) -> None:
        for account, change in changes:
            done = self.connection.execute(self.sql.add, (change, account, change))
            if done.rowcount == 0:
                raise overdraft(account, self.balance(account), -change)

    def _write_back(self, changes: list[tuple[int, int]], how: TransferHow) -> None:
        locked = how is TransferHow.FOR_UPDATE
        statement = self.sql.account_locked if locked else self.sql.account
        read = {account: self._account(statement, account) for account, _ in changes}
        new = after(changes, {account: balance for account, (balance, _) in read.items()})
        for account, balance in new:
            if how is not TransferHow.VERSION:
                self.connection.execute(self.sql.put, (balance, account))
                continue
            version = read[account][1]
            done = self.connection.execute(self.sql.put_version, (balance, account, version))
            if done.rowcount == 0:
                raise StaleWrite(f"account {account} is no longer at version {version}")

    def capture(self) -> AbstractContextManager[QueryLog]:
        """Record what is sent to the database while the context is open."""
        return capture(self.connection)
