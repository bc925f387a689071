"""Stock of one article: batches that are here or on their way, and what is promised from them.

Warehouse stock goes first, then the batch with the earliest date of arrival, then the reference:
the order is total, so two machines decide alike. A promise is made once per order; what is lost
when a batch shrinks is given back newest first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from velvet_architecture.domain import CommandRejected, Decider, named, whole


@dataclass(frozen=True)
class ReceiveBatch:
    """Command: a batch exists; with `eta` it is still under way."""

    ref: str
    qty: int
    eta: date | None = None

    def __post_init__(self) -> None:
        named("ref", self.ref)
        whole("qty", self.qty)
        if self.eta is not None and type(self.eta) is not date:  # a datetime has no order with it
            raise ValueError(f"eta must be a date or None, not {self.eta!r}")


@dataclass(frozen=True)
class Allocate:
    """Command: promise units to an order."""

    order_id: str
    qty: int

    def __post_init__(self) -> None:
        named("order_id", self.order_id)
        whole("qty", self.qty)


@dataclass(frozen=True)
class Release:
    """Command: take a promise back."""

    order_id: str


@dataclass(frozen=True)
class ShipAllocated:
    """Command: promised units leave the house."""

    order_id: str


@dataclass(frozen=True)
class ChangeBatchQuantity:
    """Command: a batch was counted again, or came with another quantity."""

    ref: str
    qty: int

    def __post_init__(self) -> None:
        whole("qty", self.qty, least=0)


@dataclass(frozen=True)
class BatchReceived:
    """Event: there is a batch."""

    ref: str
    qty: int
    eta: date | None = None


@dataclass(frozen=True)
class Allocated:
    """Event: units of a batch are promised to an order."""

    order_id: str
    qty: int
    batch_ref: str


@dataclass(frozen=True)
class Released:
    """Event: an order gave its units back."""

    order_id: str


@dataclass(frozen=True)
class Deallocated:
    """Event: an order lost its units, because its batch shrank."""

    order_id: str
    qty: int


@dataclass(frozen=True)
class BatchQuantityChanged:
    """Event: a batch has another quantity."""

    ref: str
    qty: int


@dataclass(frozen=True)
class OutOfStock:
    """Event: an order could not be served; no error, because sales wants to know."""

    order_id: str
    qty: int


@dataclass(frozen=True)
class Shipped:
    """Event: the units of an order are gone."""

    order_id: str


@dataclass(frozen=True)
class Batch:
    """Units that came together."""

    ref: str
    qty: int
    eta: date | None = None


@dataclass(frozen=True)
class Stock:
    """The state: batches, and promises in the order in which they were made."""

    batches: tuple[Batch, ...] = ()
    allocations: tuple[Allocated, ...] = ()

    def of(self, order_id: str) -> Allocated | None:
        """Return an order's promise."""
        return next((one for one in self.allocations if one.order_id == order_id), None)

    def batch(self, ref: str) -> Batch | None:
        """Return a batch by its reference."""
        return next((one for one in self.batches if one.ref == ref), None)


def available(state: Stock, ref: str | None = None) -> int:
    """Return the units that are not promised, of one batch or of all."""
    batches = [one for one in state.batches if ref in (None, one.ref)]
    promised = sum(one.qty for one in state.allocations if ref in (None, one.batch_ref))
    return sum(one.qty for one in batches) - promised


def preference(batch: Batch) -> tuple[date, str]:
    """Return the key by which batches are used up."""
    return batch.eta or date.min, batch.ref


def decide(command: Any, state: Stock) -> list[Any]:
    """Return what happens; O(batches x promises).

    Raises:
        CommandRejected: a rule refuses; its code is batch_exists, unknown_sku, not_allocated or
            unknown_batch.
        LookupError: it is no command of this domain.
    """
    match command:
        case ReceiveBatch(ref, qty, eta):
            known = state.batch(ref)
            if known is not None and known != Batch(ref, qty, eta):
                raise CommandRejected("batch_exists", f"batch {ref} came with {known.qty} units")
            return [] if known else [BatchReceived(ref, qty, eta)]
        case Allocate(order_id, qty):
            if not state.batches:
                raise CommandRejected("unknown_sku", "no batch of this article was ever received")
            if state.of(order_id):
                return []
            for batch in sorted(state.batches, key=preference):
                if available(state, batch.ref) >= qty:
                    return [Allocated(order_id, qty, batch.ref)]
            return [OutOfStock(order_id, qty)]
        case Release(order_id):
            return [Released(order_id)] if state.of(order_id) else []
        case ShipAllocated(order_id):
            if not state.of(order_id):
                raise CommandRejected("not_allocated", f"order {order_id} has nothing here")
            return [Shipped(order_id)]
        case ChangeBatchQuantity(ref, qty):
            return _shrunk(state, ref, qty)
    raise LookupError(f"stock knows no command {type(command).__name__}")


def _shrunk(state: Stock, ref: str, qty: int) -> list[Any]:
    batch = state.batch(ref)
    if batch is None:
        raise CommandRejected("unknown_batch", f"there is no batch {ref}")
    if batch.qty == qty:
        return []
    events: list[Any] = [BatchQuantityChanged(ref, qty)]
    promised = [one for one in state.allocations if one.batch_ref == ref]
    missing = sum(one.qty for one in promised) - qty
    for one in reversed(promised):
        if missing <= 0:
            break
        events.append(Deallocated(one.order_id, one.qty))
        missing -= one.qty
    return events


def evolve(state: Stock, event: Any) -> Stock:
    """Return the state after an event; one that changes nothing returns the same state."""
    match event:
        case BatchReceived(ref, qty, eta):
            return replace(state, batches=(*state.batches, Batch(ref, qty, eta)))
        case Allocated():
            return replace(state, allocations=(*state.allocations, event))
        case Released(order_id) | Deallocated(order_id, _):
            return replace(state, allocations=_without(state, order_id))
        case BatchQuantityChanged(ref, qty):
            changed = (replace(b, qty=qty) if b.ref == ref else b for b in state.batches)
            return replace(state, batches=tuple(changed))
        case Shipped(order_id):
            gone = state.of(order_id)
            assert gone is not None
            left = (
                replace(b, qty=b.qty - gone.qty) if b.ref == gone.batch_ref else b
                for b in state.batches
            )
            return Stock(tuple(left), _without(state, order_id))
    return state


def _without(state: Stock, order_id: str) -> tuple[Allocated, ...]:
    return tuple(one for one in state.allocations if one.order_id != order_id)


stock_decider = Decider("stock", Stock(), decide, evolve)
