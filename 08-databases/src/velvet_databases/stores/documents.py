"""An order as one document: its head and its lines together, as JSON, BSON and `jsonb` hold it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from velvet_databases.domain import Order, OrderLine
from velvet_databases.stores.address import read_address
from velvet_databases.stores.base import Opened, TransferHow, Unsupported, no_order
from velvet_databases.stores.failures import connect

_LINE = ("id", "product_id", "qty", "unit_cents")
_PUT = (
    "INSERT INTO order_document (id, body) VALUES (%s, %s::jsonb) "
    "ON CONFLICT (id) DO UPDATE SET body = excluded.body"
)


def to_document(order: Order) -> dict[str, Any]:
    """Return an order as nested plain values; its key is under `_id`."""
    return {
        "_id": order.id,
        "customer_id": order.customer_id,
        "status": order.status,
        "placed_at": order.placed_at,
        "version": order.version,
        "lines": [{name: getattr(line, name) for name in _LINE} for line in order.lines],
    }


def from_document(found: Mapping[str, Any]) -> Order:
    """Return the order of a document; without `lines` only its head."""
    key, placed = found["_id"], found["placed_at"]
    return Order(
        key,
        found["customer_id"],
        found["status"],
        placed if isinstance(placed, datetime) else datetime.fromisoformat(placed),
        found["version"],
        tuple(
            OrderLine(line["id"], key, line["product_id"], line["qty"], line["unit_cents"])
            for line in found.get("lines", ())
        ),
    )


def to_json(order: Order) -> str:
    """Return an order as JSON text."""
    document = to_document(order)
    document["placed_at"] = order.placed_at.isoformat()
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def only_atomic(name: str, how: TransferHow) -> None:
    """Refuse ways of transferring that presuppose locks or versions of rows.

    Raises:
        Unsupported: for all but `ATOMIC`.
    """
    if how is not TransferHow.ATOMIC:
        raise Unsupported(f"{name} cannot transfer with {how.name}; it can with ATOMIC")


class JsonbOrders(Opened):
    """Orders inside PostgreSQL, a key and a `jsonb` body in one table; for one thread at a time.

    What a document database offers, with the transactions and the joins of the relational one
    beside it. This is a subset of a store, enough to be compared with Redis and MongoDB.
    """

    name = "postgresql jsonb"
    backends = frozenset({"postgresql"})

    def open(self, url: str) -> None:
        """Connect; every statement is its own transaction."""
        self._opened = connect(read_address(url, self.backends))

    def create_schema(self) -> None:
        self.opened.execute(
            "CREATE TABLE order_document (id BIGINT PRIMARY KEY, body JSONB NOT NULL)"
        )

    def drop_schema(self) -> None:
        self.opened.execute("DROP TABLE IF EXISTS order_document")

    def put(self, order: Order) -> None:
        """Insert an order, or replace the one with its key."""
        self.opened.execute(_PUT, (order.id, to_json(order)))

    def put_many(self, orders: Iterable[Order]) -> None:
        """Insert or replace orders in one transaction, pipelined."""
        with self.opened.transaction(), self.opened.cursor() as cursor:
            cursor.executemany(_PUT, [(order.id, to_json(order)) for order in orders])

    def get_order(self, order_id: int) -> Order:
        row = self.opened.execute(
            "SELECT body FROM order_document WHERE id = %s", (order_id,)
        ).fetchone()
        if row is None:
            raise no_order(order_id)
        return from_document(row[0])

    def get_many(self, keys: list[int]) -> list[Order]:
        """Return the orders with these keys that are there, by key, in one round trip."""
        found = self.opened.execute(
            "SELECT body FROM order_document WHERE id = ANY(%s) ORDER BY id", (keys,)
        )
        return [from_document(row[0]) for row in found]
