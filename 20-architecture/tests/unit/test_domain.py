"""The rules of stock and orders, given-when-then."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from velvet_architecture.domain import CommandRejected
from velvet_architecture.domain.orders import (
    CancelOrder,
    ConfirmOrder,
    MarkPaid,
    MarkReserved,
    Money,
    Order,
    OrderCancelled,
    OrderConfirmed,
    OrderLine,
    OrderPaid,
    OrderPlaced,
    OrderReserved,
    PlaceOrder,
    order_decider,
)
from velvet_architecture.domain.stock import (
    Allocate,
    Allocated,
    BatchQuantityChanged,
    BatchReceived,
    ChangeBatchQuantity,
    Deallocated,
    OutOfStock,
    ReceiveBatch,
    Release,
    Released,
    ShipAllocated,
    Shipped,
    available,
    stock_decider,
)

LATE, EARLY = date(2030, 6, 1), date(2030, 1, 1)
HOUSE = BatchReceived("house", 10)
LINES = (OrderLine("lamp", 2, Money(500, "EUR")), OrderLine("vase", 1, Money(250, "EUR")))


def when(given: list[Any], command: Any) -> list[Any]:
    return stock_decider.decide(command, stock_decider.fold(given))


@pytest.mark.parametrize(
    ("given", "command", "then"),
    [
        ([], ReceiveBatch("b", 5), [BatchReceived("b", 5)]),
        ([HOUSE], ReceiveBatch("house", 10), []),
        ([HOUSE], Allocate("o", 3), [Allocated("o", 3, "house")]),
        ([BatchReceived("s", 5, EARLY), HOUSE], Allocate("o", 3), [Allocated("o", 3, "house")]),
        (
            [BatchReceived("a", 5, LATE), BatchReceived("b", 5, EARLY)],
            Allocate("o", 3),
            [Allocated("o", 3, "b")],
        ),
        (
            [BatchReceived("z", 5, EARLY), BatchReceived("y", 5, EARLY)],
            Allocate("o", 3),
            [Allocated("o", 3, "y")],
        ),
        ([HOUSE, Allocated("o", 3, "house")], Allocate("o", 3), []),
        ([HOUSE], Allocate("o", 11), [OutOfStock("o", 11)]),
        ([HOUSE, Allocated("o", 3, "house")], Release("o"), [Released("o")]),
        ([HOUSE], Release("o"), []),
        ([HOUSE, Allocated("o", 3, "house")], ShipAllocated("o"), [Shipped("o")]),
        ([HOUSE], ChangeBatchQuantity("house", 10), []),
        (
            [HOUSE, Allocated("o", 3, "house"), Allocated("p", 4, "house")],
            ChangeBatchQuantity("house", 3),
            [BatchQuantityChanged("house", 3), Deallocated("p", 4)],
        ),
        (
            [HOUSE, Allocated("o", 3, "house"), Allocated("p", 4, "house")],
            ChangeBatchQuantity("house", 2),
            [BatchQuantityChanged("house", 2), Deallocated("p", 4), Deallocated("o", 3)],
        ),
    ],
)
def test_stock(given: list[Any], command: Any, then: list[Any]) -> None:
    events = when(given, command)
    assert events == then
    assert available(stock_decider.fold([*given, *events])) >= 0


@pytest.mark.parametrize(
    ("given", "command", "code"),
    [
        ([], Allocate("o", 1), "unknown_sku"),
        ([HOUSE], ReceiveBatch("house", 9), "batch_exists"),
        ([HOUSE], ShipAllocated("o"), "not_allocated"),
        ([HOUSE], ChangeBatchQuantity("none", 9), "unknown_batch"),
    ],
)
def test_stock_refuses(given: list[Any], command: Any, code: str) -> None:
    with pytest.raises(CommandRejected) as caught:
        when(given, command)
    assert caught.value.code == code


def test_shipping_takes_the_units_out_of_their_batch() -> None:
    state = stock_decider.fold([HOUSE, Allocated("o", 3, "house"), Shipped("o")])
    assert (available(state), available(state, "house"), state.allocations) == (7, 7, ())


def test_an_event_that_changes_nothing_leaves_the_state_alone() -> None:
    state = stock_decider.fold([HOUSE])
    assert stock_decider.evolve(state, OutOfStock("o", 1)) is state
    assert order_decider.evolve(Order(), "unknown") == Order()


PATH: list[tuple[Any, Any, str]] = [
    (PlaceOrder(LINES, "ada"), OrderPlaced(LINES, "ada"), "placed"),
    (MarkReserved(), OrderReserved(), "reserved"),
    (MarkPaid("p1"), OrderPaid("p1"), "paid"),
    (ConfirmOrder(), OrderConfirmed(), "confirmed"),
]


def test_an_order_goes_its_way_and_repeats_are_answered() -> None:
    state = Order()
    for command, event, status in PATH:
        assert order_decider.decide(command, state) == [event]
        state = order_decider.evolve(state, event)
        assert state.status == status
        if not isinstance(command, PlaceOrder):
            assert order_decider.decide(command, state) == []
    assert state.total == Money(1250, "EUR")
    assert order_decider.is_terminal(state)


@pytest.mark.parametrize("done", range(1, 5))
def test_an_order_is_cancelled_before_it_is_confirmed_and_not_after(done: int) -> None:
    state = order_decider.fold([event for _, event, _ in PATH[:done]])
    if done == 4:
        with pytest.raises(CommandRejected, match="bad_state: CancelOrder needs placed or"):
            order_decider.decide(CancelOrder("late"), state)
        return
    events = order_decider.decide(CancelOrder("changed my mind"), state)
    assert events == [OrderCancelled("changed my mind")]
    ended = order_decider.fold(events, state)
    assert (ended.status, ended.reason) == ("cancelled", "changed my mind")
    with pytest.raises(CommandRejected, match="bad_state"):
        order_decider.decide(PlaceOrder(LINES, "ada"), ended)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: ReceiveBatch("", 1), "ref"),
        (lambda: ReceiveBatch("$x", 1), "ref"),
        (lambda: ReceiveBatch("b", 0), "qty"),
        (lambda: ReceiveBatch("b", True), "qty"),
        (lambda: ReceiveBatch("b", 2**53), "qty"),
        (lambda: ChangeBatchQuantity("b", 2**64), "qty"),
        (lambda: Allocate("o", -1), "qty"),
        (lambda: Allocate("o", 1.5), "qty"),  # type: ignore[arg-type]
        (lambda: Allocate("", 1), "order_id"),
        (lambda: ChangeBatchQuantity("b", -1), "qty"),
        (lambda: Money(1.5, "EUR"), "minor"),  # type: ignore[arg-type]
        (lambda: Money(1, "euro"), "currency"),
        (lambda: OrderLine("lamp", 0, Money(1, "EUR")), "qty"),
        (lambda: PlaceOrder((), "ada"), "lines"),
        (lambda: PlaceOrder(LINES, ""), "customer"),
        (
            lambda: PlaceOrder((LINES[0], OrderLine("x", 1, Money(1, "CHF"))), "ada"),
            "currency",
        ),
    ],
)
def test_what_is_wrong_names_its_field(make: Any, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        make()


@pytest.mark.parametrize("decider", [stock_decider, order_decider])
def test_an_unknown_command_is_an_error(decider: Any) -> None:
    with pytest.raises(LookupError, match="no command str"):
        decider.decide("what", decider.initial)


def test_an_arrival_is_a_day_and_a_price_is_never_negative() -> None:
    with pytest.raises(ValueError, match="eta must be a date"):
        ReceiveBatch("b", 1, datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="price must not be negative"):
        OrderLine("lamp", 1, Money(-1, "EUR"))
    for currency in ("\u00c4\u00d6\u00dc", "eur", 7):
        with pytest.raises(ValueError, match="currency"):
            Money(1, currency)  # type: ignore[arg-type]
