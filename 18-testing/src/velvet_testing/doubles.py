"""Fakes: small working versions of a clock, a mailer, a repository and a payment gateway.

A mock remembers calls and answers what the test told it; a fake behaves. A test against a fake asks
what came out and not how it was reached, so it survives a refactoring. What a fake may not do is
drift away from the real thing: that is what `contracts` is for.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol


class GatewayTimeout(Exception):
    """The gateway did not answer in time; whether it charged is unknown."""


class GatewayError(Exception):
    """The gateway answered that it failed."""


class Declined(Exception):
    """The customer's bank said no."""


class DuplicateOrder(ValueError):
    """An order of that id exists."""


@dataclass(frozen=True)
class Order:
    """What a customer ordered, and what became of it."""

    id: str
    customer: str
    cents: int
    state: str = "new"
    receipt: str = ""
    paid_at: float = 0.0


class Repository(Protocol):
    """Where orders are kept."""

    def add(self, order: Order) -> None:
        """Keep a new order; DuplicateOrder when its id is taken."""

    def get(self, id: str) -> Order:
        """Return an order; KeyError when there is none."""

    def save(self, order: Order) -> None:
        """Keep the new state of an order; KeyError when there is none."""

    def of(self, customer: str) -> list[Order]:
        """Return a customer's orders, by id."""


class Gateway(Protocol):
    """Who moves the money."""

    def charge(self, key: str, cents: int) -> str:
        """Charge once per key and return the receipt; GatewayTimeout, GatewayError, Declined."""

    def refund(self, receipt: str) -> None:
        """Return the money of a receipt; GatewayError when it is unknown."""


class Clock(Protocol):
    """Where the time comes from."""

    def __call__(self) -> float:
        """Return seconds."""


@dataclass
class FakeClock:
    """A clock that moves when it is told to, and wakes its sleepers in order of their times.

    >>> clock, woken = FakeClock(), []
    >>> clock.call_at(5, lambda: woken.append("late")); clock.call_at(2, lambda: woken.append("soon"))
    >>> clock.advance(10); woken
    ['soon', 'late']
    """

    now: float = 0.0
    _sleepers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)

    def __call__(self) -> float:
        return self.now

    def call_at(self, when: float, wake: Callable[[], None]) -> None:
        """Call back when the clock reaches a time."""
        if when != when:
            raise ValueError(f"a clock never reaches {when!r}")
        heapq.heappush(self._sleepers, (when, next(self._order), wake))

    def advance(self, seconds: float) -> None:
        """Move forward; each sleeper sees the time that it asked for."""
        if not seconds >= 0:
            raise ValueError(f"a clock does not go back: seconds must be >= 0, not {seconds!r}")
        until = self.now + seconds
        while self._sleepers and self._sleepers[0][0] <= until:
            when, _, wake = heapq.heappop(self._sleepers)
            self.now = max(self.now, when)
            wake()
        self.now = until


@dataclass
class FakeMailer:
    """Keeps what it is asked to send."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def send(self, to: str, text: str) -> None:
        """Keep a mail."""
        self.sent.append((to, text))


class FakeRepository:
    """Orders in a dictionary."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._orders = {order.id: order for order in orders}

    def add(self, order: Order) -> None:
        if order.id in self._orders:
            raise DuplicateOrder(order.id)
        self._orders[order.id] = order

    def get(self, id: str) -> Order:
        return self._orders[id]

    def save(self, order: Order) -> None:
        self._orders[self.get(order.id).id] = order

    def of(self, customer: str) -> list[Order]:
        found = [order for order in self._orders.values() if order.customer == customer]
        return sorted(found, key=lambda order: order.id)


class FakeGateway:
    """Charges in a dictionary, with failures by a script.

    Args:
        script: what the next charges meet: "ok", "timeout" (nothing charged), "slow" (charged, and
            then a time-out), "error" or "declined"; "ok" when it is used up.
    """

    def __init__(self, *script: str) -> None:
        self._script = list(script)
        self.charged: dict[str, int] = {}
        self.refunded: list[str] = []

    def charge(self, key: str, cents: int) -> str:
        fate = self._script.pop(0) if self._script else "ok"
        failures = {"timeout": GatewayTimeout, "error": GatewayError, "declined": Declined}
        if fate in failures:
            raise failures[fate](key)
        self.charged.setdefault(key, cents)
        if fate == "slow":
            raise GatewayTimeout(key)
        return f"receipt-{key}"

    def refund(self, receipt: str) -> None:
        key = receipt.removeprefix("receipt-")
        if key not in self.charged:
            raise GatewayError(f"there is no receipt {receipt!r}")
        del self.charged[key]
        self.refunded.append(receipt)


def paid(order: Order, receipt: str, at: float) -> Order:
    """Return an order as it is once it is paid."""
    return replace(order, state="paid", receipt=receipt, paid_at=at)
