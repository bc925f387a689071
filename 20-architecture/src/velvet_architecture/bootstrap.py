"""The composition root: the one place where the use cases are put together, written by hand.

`build` is what a container would replace: constructor calls, read top to bottom, and a missing
argument is an error of the type checker. The store comes from the caller, which knows its adapter.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from velvet_architecture.app import process
from velvet_architecture.app.aggregates import AggregateStore
from velvet_architecture.app.readside import (
    OrderBoard,
    Projection,
    ProjectionRunner,
    StockLevels,
    UnitsSoldPerDay,
)
from velvet_architecture.app.serial import Codec, EventRegistry
from velvet_architecture.domain import orders, stock, whole
from velvet_architecture.domain.orders import Money, PlaceOrder, order_decider
from velvet_architecture.domain.stock import Allocate, ReceiveBatch, available, stock_decider
from velvet_architecture.ports import EventStore, PaymentRefused

EVENTS = (
    *(stock.BatchReceived, stock.Allocated, stock.Released, stock.Deallocated),
    *(stock.BatchQuantityChanged, stock.OutOfStock, stock.Shipped),
    *(orders.OrderPlaced, orders.OrderReserved, orders.OrderPaid),
    *(orders.OrderConfirmed, orders.OrderCancelled),
    *(process.StepBegun, process.StepDone, process.StepFailed, process.StepUndone),
    *(process.CompensationParked, process.ProcessEnded),
)


def registry(codec: Codec | None = None) -> EventRegistry:
    """Return every event of the shop under its name."""
    known = EventRegistry(codec)
    for kind in EVENTS:
        known.event(kind.__name__)(kind)
    known.validate()
    return known


class CardPayments:
    """A payment provider in memory, a stand-in: takes a key once.

    Args:
        limit: the highest amount that is authorised, in minor units.
    """

    def __init__(self, limit: int = 100_000) -> None:
        whole("limit", limit)
        self._limit = limit
        self.authorised: dict[str, Money] = {}
        self.refunded: dict[str, str] = {}

    def authorise(self, key: str, amount: Money) -> str:
        """Return the payment's id, which is the key.

        Raises:
            PaymentRefused: the amount is above the limit.
        """
        if amount.minor > self._limit:
            raise PaymentRefused(f"{amount.minor} {amount.currency} is above the limit")
        self.authorised.setdefault(key, amount)
        return key

    def refund(self, key: str, payment: str) -> None:
        """Give the money back, once for a key.

        Raises:
            PaymentRefused: there is no such payment.
        """
        if payment not in self.authorised:
            raise PaymentRefused(f"there is no payment {payment}")
        self.refunded[key] = payment


@dataclass
class Shop:
    """The use cases of the shop over one event store."""

    store: EventStore
    aggregates: AggregateStore
    payments: CardPayments
    fulfilment: process.FulfilmentProcess
    registry: EventRegistry

    def receive(self, sku: str, ref: str, qty: int) -> None:
        """Record that a batch of units has come."""
        self.aggregates.execute(stock_decider, f"stock-{sku}", ReceiveBatch(ref, qty))

    def allocate(self, sku: str, order_id: str, qty: int = 1, *, retries: int = 5) -> Any:
        """Promise units to an order."""
        command = Allocate(order_id, qty)
        return self.aggregates.execute(stock_decider, f"stock-{sku}", command, retries=retries)

    def available(self, sku: str) -> int:
        """Return the free units, folded from the events."""
        return available(self.aggregates.load(stock_decider, f"stock-{sku}").state)

    def place(self, order_id: str, command: PlaceOrder) -> process.Progress:
        """Place an order and bring it to its end."""
        self.aggregates.execute(order_decider, f"order-{order_id}", command)
        return self.fulfilment.run(order_id)

    def projections(self, connection: sqlite3.Connection) -> ProjectionRunner:
        """Return the read side in a database."""
        ours: list[Projection] = [StockLevels(), OrderBoard(), UnitsSoldPerDay()]
        return ProjectionRunner(self.store, connection, self.registry, ours)


def build(store: EventStore, *, payment_limit: int = 100_000, cache_size: int = 0) -> Shop:
    """Wire a shop over a store.

    Args:
        payment_limit: the highest amount that is authorised, in minor units.
        cache_size: states that are kept in memory; 0 keeps none.
    """
    known = registry()
    aggregates = AggregateStore(store, known, cache_size=cache_size)
    payments = CardPayments(payment_limit)
    return Shop(store, aggregates, payments, process.FulfilmentProcess(aggregates, payments), known)
