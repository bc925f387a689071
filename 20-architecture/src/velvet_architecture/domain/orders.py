"""Orders: placed, reserved, paid, confirmed, or cancelled from any state before the last.

Money is whole minor units and a currency code, because a float cannot hold ten cents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from velvet_architecture.domain import CommandRejected, Decider, named, whole


@dataclass(frozen=True)
class Money:
    """An amount in minor units.

    >>> Money(1999, "EUR").times(2)
    Money(minor=3998, currency='EUR')
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise ValueError(f"minor must be whole minor units, not {self.minor!r}")
        known = isinstance(self.currency, str) and self.currency.isascii()
        if not known or len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"currency must be a code such as EUR, not {self.currency!r}")

    def times(self, count: int) -> Money:
        """Return the amount for `count` units."""
        return replace(self, minor=self.minor * count)


@dataclass(frozen=True)
class OrderLine:
    """Some units of one article at a price."""

    sku: str
    qty: int
    price: Money

    def __post_init__(self) -> None:
        named("sku", self.sku)
        whole("qty", self.qty)
        if self.price.minor < 0:
            raise ValueError(f"price must not be negative, not {self.price.minor}")


@dataclass(frozen=True)
class PlaceOrder:
    """Command: a customer wants something."""

    lines: tuple[OrderLine, ...]
    customer: str

    def __post_init__(self) -> None:
        named("customer", self.customer)
        if not self.lines:
            raise ValueError("lines must hold at least one line")
        if len({line.price.currency for line in self.lines}) > 1:
            raise ValueError("lines must have one currency")


@dataclass(frozen=True)
class MarkReserved:
    """Command: every line is reserved."""


@dataclass(frozen=True)
class MarkPaid:
    """Command: the payment is authorised."""

    payment: str


@dataclass(frozen=True)
class ConfirmOrder:
    """Command: the order is complete."""


@dataclass(frozen=True)
class CancelOrder:
    """Command: the order ends without goods."""

    reason: str


@dataclass(frozen=True)
class OrderPlaced:
    """Event: there is an order."""

    lines: tuple[OrderLine, ...]
    customer: str


@dataclass(frozen=True)
class OrderReserved:
    """Event: stock is promised for every line."""


@dataclass(frozen=True)
class OrderPaid:
    """Event: the payment is authorised."""

    payment: str


@dataclass(frozen=True)
class OrderConfirmed:
    """Event: the order is complete."""


@dataclass(frozen=True)
class OrderCancelled:
    """Event: the order ended without goods."""

    reason: str


@dataclass(frozen=True)
class Order:
    """The state of an order; `status` is ``new`` before it is placed."""

    status: str = "new"
    lines: tuple[OrderLine, ...] = ()
    customer: str = ""
    reason: str = ""

    @property
    def total(self) -> Money:
        """What the order costs."""
        parts = [line.price.times(line.qty) for line in self.lines]
        return Money(sum(part.minor for part in parts), parts[0].currency)


# command -> (the states that it is allowed in, the state that answers it already)
_ALLOWED = {
    PlaceOrder: (("new",), "placed"),
    MarkReserved: (("placed",), "reserved"),
    MarkPaid: (("reserved",), "paid"),
    ConfirmOrder: (("paid",), "confirmed"),
    CancelOrder: (("placed", "reserved", "paid"), "cancelled"),
}


def decide(command: Any, state: Order) -> list[Any]:
    """Return what happens; a command that was obeyed already yields nothing.

    Raises:
        CommandRejected: the order is in another state; its code is bad_state.
        LookupError: it is no command of this domain.
    """
    if type(command) not in _ALLOWED:
        raise LookupError(f"orders know no command {type(command).__name__}")
    allowed, done = _ALLOWED[type(command)]
    if state.status == done and not isinstance(command, PlaceOrder):
        return []
    if state.status not in allowed:
        detail = f"{type(command).__name__} needs {' or '.join(allowed)}, it is {state.status}"
        raise CommandRejected("bad_state", detail)
    match command:
        case PlaceOrder(lines, customer):
            return [OrderPlaced(lines, customer)]
        case MarkReserved():
            return [OrderReserved()]
        case MarkPaid(payment):
            return [OrderPaid(payment)]
        case CancelOrder(reason):
            return [OrderCancelled(reason)]
    return [OrderConfirmed()]


def evolve(state: Order, event: Any) -> Order:
    """Return the state after an event."""
    match event:
        case OrderPlaced(lines, customer):
            return Order("placed", lines, customer)
        case OrderReserved():
            return replace(state, status="reserved")
        case OrderPaid():
            return replace(state, status="paid")
        case OrderConfirmed():
            return replace(state, status="confirmed")
        case OrderCancelled(reason):
            return replace(state, status="cancelled", reason=reason)
    return state


def is_terminal(state: Order) -> bool:
    """Return whether nothing can happen to an order any more."""
    return state.status in ("confirmed", "cancelled")


order_decider = Decider("order", Order(), decide, evolve, is_terminal)
