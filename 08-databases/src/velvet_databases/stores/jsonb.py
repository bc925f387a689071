"""Orders as documents inside PostgreSQL: a key and a `jsonb` body in one table.

What a document database offers, with the transactions and the joins of the relational one beside
it. This is a subset of a store, enough to be compared with Redis and MongoDB.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from velvet_databases.domain import Order
from velvet_databases.stores.address import CONNECT_SECONDS, read_address
from velvet_databases.stores.base import NotFound, not_open
from velvet_databases.stores.documents import from_document, to_json
from velvet_databases.stores.failures import connecting

_PUT = (
    "INSERT INTO order_document (id, body) VALUES (%s, %s::jsonb) "
    "ON CONFLICT (id) DO UPDATE SET body = excluded.body"
)


class JsonbOrders:
    """Orders in one `jsonb` column; used by one thread at a time."""

    name = "postgresql jsonb"
    backends = frozenset({"postgresql"})

    def __init__(self) -> None:
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    @property
    def connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        """psycopg's connection; raises `StoreUnavailable` where there is none."""
        if self._connection is None:
            raise not_open(self.name)
        return self._connection

    def open(self, url: str) -> None:
        """Connect; every statement is its own transaction."""
        address = read_address(url, self.backends)
        with connecting(address):
            self._connection = psycopg.connect(
                address.url, autocommit=True, connect_timeout=CONNECT_SECONDS
            )

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def create_schema(self) -> None:
        """Make the table."""
        self.connection.execute(
            "CREATE TABLE order_document (id BIGINT PRIMARY KEY, body JSONB NOT NULL)"
        )

    def drop_schema(self) -> None:
        """Remove the table, if it is there."""
        self.connection.execute("DROP TABLE IF EXISTS order_document")

    def put(self, order: Order) -> None:
        """Insert an order, or replace the one with its key."""
        self.connection.execute(_PUT, (order.id, to_json(order)))

    def put_many(self, orders: Iterable[Order]) -> None:
        """Insert or replace orders in one transaction, pipelined."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(_PUT, [(order.id, to_json(order)) for order in orders])

    def get_order(self, order_id: int) -> Order:
        """Return one order with its lines; raises `NotFound`."""
        row = self.connection.execute(
            "SELECT body FROM order_document WHERE id = %s", (order_id,)
        ).fetchone()
        if row is None:
            raise NotFound(f"there is no order {order_id}")
        return from_document(row[0])

    def get_many(self, keys: list[int]) -> list[Order]:
        """Return the orders with these keys that are there, by key, in one round trip."""
        found = self.connection.execute(
            "SELECT body FROM order_document WHERE id = ANY(%s) ORDER BY id", (keys,)
        )
        return [from_document(row[0]) for row in found]
