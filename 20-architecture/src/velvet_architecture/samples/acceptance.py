"""What the three shops must do, seen from outside; one function a requirement, by its change.

`Driver` speaks to a shop as it is at a step: the same calls for all three architectures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DAY_S = 86_400
CHANGES = (
    "the first version",
    "stock comes in batches with a date of arrival",
    "an order has several lines",
    "money has a currency; old amounts are EUR",
    "a client may place an order twice",
    "low stock is reported",
    "cancelling undoes stock and payment",
    "the store is a JSON file, without SQL",
    "units sold per day, and stock at any time, for the whole past",
)


class Driver:
    """A shop at a step, through one face."""

    def __init__(self, app: Any, step: int) -> None:
        self.app, self.step = app, step

    def receive(self, sku: str, qty: int, ref: str, eta: str | None = None) -> None:
        """Receive a batch."""
        self.app.receive(*((sku, qty) if self.step < 1 else (sku, qty, ref, eta)))

    def place(self, order_id: str, lines: list[tuple[str, int]], amount: int = 500) -> bool:
        """Place an order; before step 2 it has one line."""
        order: tuple[Any, ...] = (order_id, *lines[0]) if self.step < 2 else (order_id, lines)
        money = (amount,) if self.step < 3 else (amount, "EUR")
        return bool(self.app.place(*order, *money))

    def total(self, order_id: str) -> int:
        """Return an order's amount."""
        found = self.app.total(order_id)
        return int(found if self.step < 3 else found[0])


def an_order_takes_stock(shop: Driver) -> bool:
    """Change 0."""
    shop.receive("lamp", 5, "b1")
    taken = shop.place("o1", [("lamp", 2)]) and not shop.place("o2", [("lamp", 9)])
    return taken and shop.app.available("lamp") == 3 and shop.total("o1") == 500


def the_house_goes_before_a_ship(shop: Driver) -> bool:
    """Change 1."""
    shop.receive("lamp", 5, "late", "2030-06-01")
    shop.receive("lamp", 5, "early", "2030-01-01")
    shop.receive("lamp", 2, "house")
    asked = ("lamp",) if shop.step >= 2 else ()
    refs = []
    for number in range(3):
        shop.place(f"o{number}", [("lamp", 2)])
        refs.append(shop.app.batch_of(f"o{number}", *asked))
    return refs == ["house", "early", "early"]


def all_lines_or_none(shop: Driver) -> bool:
    """Change 2."""
    shop.receive("lamp", 5, "b1")
    refused = not shop.place("o1", [("lamp", 2), ("vase", 1)])
    shop.receive("vase", 1, "b2")
    done = shop.place("o2", [("lamp", 2), ("vase", 1)])
    return refused and done and (shop.app.available("lamp"), shop.app.available("vase")) == (3, 0)


def money_has_a_currency(shop: Driver) -> bool:
    """Change 3."""
    shop.receive("lamp", 5, "b1")
    shop.app.place("o1", [("lamp", 1)], 700, "CHF")
    return tuple(shop.app.total("o1")) == (700, "CHF")


def a_repeated_order_has_one_effect(shop: Driver) -> bool:
    """Change 4."""
    shop.receive("lamp", 5, "b1")
    both = shop.place("o1", [("lamp", 2)]) and shop.place("o1", [("lamp", 2)])
    return both and shop.app.available("lamp") == 3


def low_stock_is_reported(shop: Driver) -> bool:
    """Change 5."""
    shop.receive("lamp", 5, "b1")
    shop.place("o1", [("lamp", 1)])
    quiet = list(shop.app.notices())
    shop.place("o2", [("lamp", 2)])
    return quiet == [] and list(shop.app.notices()) == ["lamp"]


def cancelling_undoes(shop: Driver) -> bool:
    """Change 6."""
    shop.receive("lamp", 5, "b1")
    shop.place("o1", [("lamp", 2)])
    once = shop.app.cancel("o1") and not shop.app.cancel("o1")
    return bool(once) and shop.app.available("lamp") == 5 and shop.app.refunds() == ["o1"]


def sales_by_day_are_known(shop: Driver) -> bool:
    """Change 8, for what happened since."""
    shop.receive("lamp", 5, "b1")
    shop.place("o1", [("lamp", 2)])
    return set(shop.app.sold_per_day().values()) == {2}


# the change that brought it -> what is asked; change 7 asks all of it of another file
ACCEPTANCE: dict[int, Callable[[Driver], bool]] = {
    0: an_order_takes_stock,
    1: the_house_goes_before_a_ship,
    2: all_lines_or_none,
    3: money_has_a_currency,
    4: a_repeated_order_has_one_effect,
    5: low_stock_is_reported,
    6: cancelling_undoes,
    8: sales_by_day_are_known,
}


def fill(shop: Driver, clock: Any) -> None:
    """Three days of business, which a later version must still know."""
    shop.receive("lamp", 20, "b1")
    for day in range(3):
        clock.now = day * DAY_S + 10
        shop.place(f"old{day}", [("lamp", day + 1)], 500 + day)


def is_intact(shop: Driver) -> bool:
    """Return whether a shop opened on old data knows stock and totals."""
    totals = [shop.total(f"old{day}") for day in range(3)]
    return shop.app.available("lamp") == 14 and totals == [500, 501, 502]


def knows_the_past(shop: Driver) -> bool:
    """Return whether a shop knows the sales of each of those days, and the stock after the first."""
    if not hasattr(shop.app, "sold_per_day"):
        return False
    sold = {("lamp", 0): 1, ("lamp", 1): 2, ("lamp", 2): 3}
    known = shop.app.sold_per_day() == sold
    return bool(known and shop.app.available_at("lamp", DAY_S - 1) == 19)
