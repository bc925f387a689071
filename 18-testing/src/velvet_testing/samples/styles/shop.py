"""A shop that takes orders and money; its SQLite repository and its HTTP gateway."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, replace
from typing import Any

import httpx

from velvet_testing.doubles import (
    Clock,
    Declined,
    DuplicateOrder,
    Gateway,
    GatewayError,
    GatewayTimeout,
    Order,
    Repository,
    paid,
)

ATTEMPTS = 3


class Shop:
    """Place, pay, cancel."""

    def __init__(self, repository: Repository, gateway: Gateway, mailer: Any, clock: Clock) -> None:
        self._repository, self._gateway = repository, gateway
        self._mailer, self._clock = mailer, clock

    def place(self, id: str, customer: str, cents: int) -> Order:
        """Take a new order."""
        if cents <= 0:
            raise ValueError(f"{cents} cents")
        order = Order(id, customer, cents)
        self._repository.add(order)
        return order

    def pay(self, id: str) -> Order:
        """Charge an order once, whatever the gateway does."""
        order = self._repository.get(id)
        if order.state == "paid":
            return order
        for attempt in range(ATTEMPTS):
            try:
                receipt = self._gateway.charge(f"order-{order.id}", order.cents)
                break
            except GatewayTimeout:
                if attempt == ATTEMPTS - 1:
                    raise
        order = paid(order, receipt, self._clock())
        self._repository.save(order)
        self._mailer.send(order.customer, f"Paid: {order.cents}")
        return order

    def cancel(self, id: str) -> None:
        """Cancel an order and return its money."""
        order = self._repository.get(id)
        if order.state == "paid":
            self._gateway.refund(order.receipt)
        self._repository.save(replace(order, state="cancelled"))

    def owed(self, customer: str) -> int:
        """Return what a customer has not paid yet."""
        orders = self._repository.of(customer)
        return sum(order.cents for order in orders if order.state == "new")


class SqliteRepository:
    """Orders in a table."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.execute(
            "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, customer TEXT, cents INTEGER,"
            " state TEXT, receipt TEXT, paid_at REAL)"
        )

    def add(self, order: Order) -> None:
        """Insert a row."""
        try:
            self._db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", astuple(order))
        except sqlite3.IntegrityError:
            raise DuplicateOrder(order.id) from None
        self._db.commit()

    def get(self, id: str) -> Order:
        """Select a row."""
        row = self._db.execute("SELECT * FROM orders WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise KeyError(id)
        return Order(*row)

    def save(self, order: Order) -> None:
        """Update a row."""
        self.get(order.id)
        self._db.execute("REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)", astuple(order))
        self._db.commit()

    def of(self, customer: str) -> list[Order]:
        """Select a customer's rows."""
        rows = self._db.execute("SELECT * FROM orders WHERE customer = ? ORDER BY id", (customer,))
        return [Order(*row) for row in rows]


class HttpGateway:
    """A gateway behind HTTP."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def charge(self, key: str, cents: int) -> str:
        """POST a charge."""
        headers = {"Idempotency-Key": key}
        try:
            answer = self._client.post("/charges", json={"cents": cents}, headers=headers)
        except httpx.TimeoutException:
            raise GatewayTimeout(key) from None
        if answer.status_code == 402:
            raise Declined(key)
        if answer.status_code >= 400:
            raise GatewayError(f"{key}: {answer.status_code}")
        return str(answer.json()["receipt"])

    def refund(self, receipt: str) -> None:
        """POST a refund."""
        answer = self._client.post("/refunds", json={"receipt": receipt})
        if answer.status_code >= 400:
            raise GatewayError(receipt)
