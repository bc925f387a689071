"""A saga over stock, order and payment: its end, its compensations, its crashes, its rivals."""

from __future__ import annotations

from typing import Any

import pytest

from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.app.process import FulfilmentProcess, process_decider
from velvet_architecture.bootstrap import CardPayments, Shop, build
from velvet_architecture.domain import CommandRejected
from velvet_architecture.domain.orders import Money, OrderLine, PlaceOrder, order_decider
from velvet_architecture.domain.stock import (
    Allocated,
    ChangeBatchQuantity,
    Deallocated,
    stock_decider,
)
from velvet_architecture.ports import (
    PaymentRefused,
)

S = "stock-lamp"


def order(qty: int = 2, price: int = 500, *skus: str) -> PlaceOrder:
    lines = (OrderLine(sku, qty, Money(price, "EUR")) for sku in skus or ("lamp",))
    return PlaceOrder(tuple(lines), "ada")


def stocked(**options: Any) -> Shop:
    shop = build(MemoryEventStore(), **options)
    for sku in ("lamp", "vase"):
        shop.receive(sku, "b", 10)
    return shop


def test_a_process_confirms_and_running_it_again_changes_nothing() -> None:
    shop = stocked()
    assert shop.place("o1", order(2, 500, "lamp", "vase")).result == "confirmed"
    before = shop.store.head()
    assert shop.fulfilment.run("o1").result == "confirmed"
    assert shop.store.head() == before
    assert (shop.available("lamp"), len(shop.payments.authorised)) == (8, 1)
    with pytest.raises(CommandRejected, match="never placed"):
        shop.fulfilment.run("o9")


def test_a_refused_payment_undoes_the_reservations_in_reverse() -> None:
    shop = stocked(payment_limit=100)
    progress = shop.place("o1", order(2, 500, "lamp", "vase"))

    assert (progress.result, progress.parked) == ("cancelled", ())
    assert (shop.available("lamp"), shop.available("vase")) == (10, 10)
    done = [shop.registry.decode(one) for one in shop.store.read("process-o1")]
    undone = [one.step for one in done if type(one).__name__ == "StepUndone"]
    assert undone == ["mark reserved", "reserve 1 vase", "reserve 0 lamp"]
    reason = shop.aggregates.load(order_decider, "order-o1").state.reason
    assert "above the limit" in reason


@pytest.mark.parametrize(
    ("skus", "why"), [(("vase", "none"), "unknown_sku"), (("vase", "lamp"), "out of stock")]
)
def test_what_is_not_there_cancels_the_order(skus: tuple[str, ...], why: str) -> None:
    shop = stocked()
    shop.allocate("lamp", "other", 9)
    progress = shop.place("o1", order(2, 5, *skus))
    assert progress.result == "cancelled"
    assert why in progress.failed
    assert shop.available("vase") == 10


def test_a_deadline_undoes_what_was_done() -> None:
    shop = stocked()
    shop.aggregates.execute(order_decider, "order-o1", order())
    now = iter([0.0, 0.0, 0.0, 0.0, 0.0, *[1e6] * 50])
    late = FulfilmentProcess(shop.aggregates, shop.payments, clock=lambda: next(now), timeout_s=9)
    progress = late.run("o1")
    assert progress.result == "cancelled"
    assert "deadline" in progress.failed
    assert shop.available("lamp") == 10


class NoRefunds(CardPayments):
    def refund(self, key: str, payment: str) -> None:
        raise PaymentRefused("the provider is closed")


def test_a_compensation_that_fails_is_parked_and_the_others_run() -> None:
    shop = stocked()
    payments = NoRefunds()
    shop.aggregates.execute(order_decider, "order-o1", order())
    now = iter([0.0] * 7 + [1e6] * 50)
    process = FulfilmentProcess(shop.aggregates, payments, clock=lambda: next(now), timeout_s=9)
    progress = process.run("o1")
    assert payments.authorised
    assert progress.parked == ("authorise",)
    assert (progress.result, shop.available("lamp")) == ("cancelled", 10)
    with pytest.raises(PaymentRefused, match="no payment"):
        CardPayments().refund("k", "p")


def test_a_process_ends_well_wherever_it_is_cut() -> None:
    class Cut(Exception):
        pass

    class Dying(MemoryEventStore):
        left = 10**9

        def append(self, *arguments: Any, **options: Any) -> Any:
            if not self.left:
                raise Cut
            self.left -= 1
            return super().append(*arguments, **options)

    for cut in range(1, 16):
        for limit in (100, 10_000):
            store = Dying()
            shop = build(store, payment_limit=limit)
            shop.receive("lamp", "b", 10)
            store.left = cut
            try:
                shop.place("o1", order())
            except Cut:
                store.left = 10**9
                if shop.aggregates.load(order_decider, "order-o1").state.status == "new":
                    continue
                shop.fulfilment.run("o1")
            state = shop.aggregates.load(order_decider, "order-o1").state
            paid = len(shop.payments.authorised) - len(shop.payments.refunded)
            expected = ("confirmed", 8, 1) if limit > 1000 else ("cancelled", 10, 0)
            assert (state.status, shop.available("lamp"), paid) == expected, cut


def test_a_shrunk_batch_is_promised_again_from_another() -> None:
    shop = stocked()
    shop.allocate("lamp", "o1", 4)
    shop.receive("lamp", "c", 5)
    done = shop.aggregates.execute(stock_decider, S, ChangeBatchQuantity("b", 1))
    lost = [event for event in done.events if isinstance(event, Deallocated)]

    again = [shop.allocate("lamp", one.order_id, one.qty).events for one in lost]

    assert again == [(Allocated("o1", 4, "c"),)]


def test_a_process_ignores_an_event_that_it_does_not_know() -> None:
    assert process_decider.evolve(process_decider.initial, "x") == process_decider.initial


def test_a_worker_that_is_too_late_repeats_a_step_that_another_began() -> None:
    class Dies(CardPayments):
        dead = False

        def authorise(self, key: str, amount: Money) -> str:
            payment = super().authorise(key, amount)
            if not self.dead:
                self.dead = True
                raise OSError("the worker dies, the money is taken")
            return payment

    class Behind(MemoryEventStore):
        """A store on which another worker begins its step before ours records its verdict."""

        other: Any = None

        def append(self, stream: str, events: Any, *, expected: int = -1) -> Any:
            if stream.startswith("process") and (other := self.other) is not None:
                self.other = None
                with pytest.raises(OSError, match="money is taken"):
                    other()
            return super().append(stream, events, expected=expected)

    store, payments = Behind(), Dies()
    shop = build(store)
    shop.receive("lamp", "b", 10)
    shop.aggregates.execute(order_decider, "order-o1", order())
    on_time = FulfilmentProcess(shop.aggregates, payments)
    late = FulfilmentProcess(shop.aggregates, payments, clock=lambda: 1e12)
    store.other = lambda: on_time.run("o1")
    progress = late.run("o1", started=0.0)

    assert (progress.result, shop.available("lamp")) == ("cancelled", 10)
    assert (len(payments.authorised), len(payments.refunded)) == (1, 1)
