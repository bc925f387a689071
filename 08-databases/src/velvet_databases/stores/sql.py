"""The statements of the three drivers, written once: they differ only in their placeholders.

A floor is only a floor if it sends what a person would write, so each statement stands here in
full and is the same for SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from velvet_databases.domain import Order, OrderLine

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
    """The texts, for one way of writing placeholders (`mark(1)` is the first)."""

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


def moment(value: object) -> datetime:
    """Read a moment as SQLite keeps it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def head(row: Sequence[Any]) -> Order:
    """Make an order of its row."""
    return Order(row[0], row[1], row[2], moment(row[3]), row[4])


def with_lines(heads: Iterable[Order], lines: Iterable[OrderLine]) -> list[Order]:
    """Give each order its lines; O(orders + lines)."""
    by_order: dict[int, list[OrderLine]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line)
    return [
        Order(one.id, one.customer_id, one.status, one.placed_at, one.version, tuple(found))
        for one in heads
        for found in [by_order.get(one.id, [])]
    ]


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
