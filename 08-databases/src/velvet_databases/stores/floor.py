"""What the drivers of the `sqlite3` kind share: a connection, SQL by hand, rows to values.

These stores are the floor that every layer above is compared with. SQLite's driver and psycopg
have the same `execute`, so the same code drives both; what differs is in their two files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from operator import index
from typing import Any

from velvet_databases.domain import DDL, DROP, Dataset, Order, OrderLine, rows
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores.base import (
    Loading,
    Opened,
    TransferHow,
    after,
    check_method,
    moves,
    no_account,
    no_order,
    overdraft,
    stale_account,
    stale_order,
)
from velvet_databases.stores.failures import reading, translated

COLUMNS = {
    "customer": ("id", "email", "name"),
    "product": ("id", "sku", "price_cents"),
    "account": ("id", "owner", "balance_cents", "version"),
    "orders": ("id", "customer_id", "status", "placed_at", "version"),
    "order_line": ("id", "order_id", "product_id", "qty", "unit_cents"),
}
HEAD = ", ".join(COLUMNS["orders"])
LINE = ", ".join(COLUMNS["order_line"])


class Sql:
    """The drivers' statements, for one way of writing placeholders (`mark(1)` is the first).

    A floor is only a floor if it sends what a person would write, so each statement stands here in
    full and is the same for SQLite and PostgreSQL.
    """

    def __init__(self, mark: Callable[[int], str]) -> None:
        one, two, three = mark(1), mark(2), mark(3)
        self.mark = mark
        self.insert = {table: self.insert_many(table, 1) for table in COLUMNS}
        self.order = f"SELECT {HEAD} FROM orders WHERE id = {one}"  # noqa: S608 - names only
        self.lines = (
            f"SELECT {LINE} FROM order_line WHERE order_id = {one} ORDER BY id"  # noqa: S608
        )
        self.page = (
            f"SELECT {HEAD} FROM orders WHERE id > {one} ORDER BY id LIMIT {two}"  # noqa: S608
        )
        self.stream = f"SELECT {HEAD} FROM orders ORDER BY id"  # noqa: S608
        joined = ", ".join(
            [f"o.{name}" for name in COLUMNS["orders"]]
            + [f"l.{name}" for name in COLUMNS["order_line"]]
        )
        self.join = (
            f"SELECT {joined} FROM (SELECT {HEAD} FROM orders ORDER BY id LIMIT {one}) o "  # noqa: S608
            "LEFT JOIN order_line l ON l.order_id = o.id ORDER BY o.id, l.id"
        )
        self.set_status = (
            f"UPDATE orders SET status = {one}, version = version + 1 "  # noqa: S608
            f"WHERE id = {two} AND version = {three}"
        )
        self.account = f"SELECT balance_cents, version FROM account WHERE id = {one}"  # noqa: S608
        self.account_locked = f"{self.account} FOR UPDATE"
        self.add = (
            f"UPDATE account SET balance_cents = balance_cents + {one}, version = version + 1 "  # noqa: S608
            f"WHERE id = {two} AND balance_cents + {three} >= 0"
        )
        self.put = f"UPDATE account SET balance_cents = {one}, version = version + 1 WHERE id = {two}"  # noqa: S608
        self.put_version = f"{self.put} AND version = {three}"

    def insert_many(self, table: str, count: int) -> str:
        """An INSERT of `count` rows in one statement."""
        columns = COLUMNS[table]
        marks = [self.mark(number + 1) for number in range(count * len(columns))]
        width = len(columns)
        groups = [f"({', '.join(marks[at : at + width])})" for at in range(0, len(marks), width)]
        return (
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join(groups)}"  # noqa: S608
        )

    def lines_of(self, count: int) -> str:
        """The lines of `count` orders."""
        marks = ", ".join(self.mark(number + 1) for number in range(count))
        return f"SELECT {LINE} FROM order_line WHERE order_id IN ({marks}) ORDER BY order_id, id"  # noqa: S608


def head(row: Sequence[Any]) -> Order:
    """Make an order of its row; SQLite keeps its moment as text."""
    placed = row[3] if isinstance(row[3], datetime) else datetime.fromisoformat(row[3])
    return Order(row[0], row[1], row[2], placed, row[4])


def with_lines(heads: Iterable[Order], lines: Iterable[OrderLine]) -> list[Order]:
    """Give each order its lines; O(orders + lines)."""
    by_order: dict[int, list[OrderLine]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line)
    return [Order(*one.head, lines=tuple(by_order.get(one.id, ()))) for one in heads]


def from_join(rows: Iterable[Sequence[Any]]) -> list[Order]:
    """Make orders of joined rows: the columns of the order, then those of a line or NULL."""
    heads: dict[int, Order] = {}
    lines: list[OrderLine] = []
    for row in rows:
        if row[0] not in heads:
            heads[row[0]] = head(row[:5])
        if row[5] is not None:
            lines.append(OrderLine(*row[5:]))
    return with_lines(heads.values(), lines)


class Floor(Opened, ABC):
    """SQL by hand over one connection; used by one thread at a time."""

    backend: str
    sql: Sql

    @property
    def connection(self) -> Any:
        """The driver's connection; raises `StoreUnavailable` before `open` and after `close`."""
        return self.opened

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
        with self._transaction():
            for statement in DDL[self.backend]:
                self.connection.execute(statement)

    def drop_schema(self) -> None:
        with self._transaction():
            for statement in DROP:
                self.connection.execute(statement)

    def insert_reference(self, data: Dataset) -> None:
        with translated(self.backend, data), self._transaction():
            for table, items in data.reference.items():
                if items:
                    self.connection.cursor().executemany(self.sql.insert[table], rows(items))

    def insert_orders(self, data: Dataset, method: str) -> int:
        check_method(method, self.bulk_methods())
        heads = [self._values(order.head) for order in data.orders]
        with translated(self.backend, data), self._transaction():
            for table, values in (("orders", heads), ("order_line", rows(data.lines))):
                if values:
                    self._insert(table, values, method)
        return data.order_rows

    def _lines(self, order_id: int) -> list[OrderLine]:
        found = self.connection.execute(self.sql.lines, (index(order_id),)).fetchall()
        return [OrderLine(*row) for row in found]

    @reading
    def get_order(self, order_id: int) -> Order:
        row = self.connection.execute(self.sql.order, (index(order_id),)).fetchone()
        if row is None:
            raise no_order(order_id)
        return with_lines([head(row)], self._lines(order_id))[0]

    @reading
    def page(self, after_id: int, limit: int) -> list[Order]:
        found = self.connection.execute(self.sql.page, (index(after_id), index(limit))).fetchall()
        return [head(row) for row in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
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
        cursor = self.connection.execute(self.sql.stream)
        while found := cursor.fetchmany(batch):
            yield from (head(row) for row in found)

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        with translated(self.backend), self._transaction():
            done = self.connection.execute(
                self.sql.set_status, (status, index(order_id), index(expected_version))
            )
            if done.rowcount == 0:
                raise stale_order(order_id, self.get_order(order_id).version, expected_version)

    def balance(self, account_id: int) -> int:
        return self._account(self.sql.account, account_id)[0]

    def _account(self, statement: str, account_id: int) -> tuple[int, int]:
        row = self.connection.execute(statement, (index(account_id),)).fetchone()
        if row is None:
            raise no_account(account_id)
        return row[0], row[1]

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = moves(source, target, cents, how, self.backend)
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
                raise stale_account(account, version)

    def capture(self) -> AbstractContextManager[QueryLog]:
        return capture(self.connection)
