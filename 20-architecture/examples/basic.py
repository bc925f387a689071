"""Basic examples: ports and adapters, wiring by hand, and a stock that remembers everything."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from velvet.examples import example, main
from velvet_architecture.adapters.container import Container, WiringError
from velvet_architecture.adapters.group_commit import GroupCommitStore
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.bootstrap import build
from velvet_architecture.domain.orders import Money, OrderLine, PlaceOrder
from velvet_architecture.domain.stock import (
    ChangeBatchQuantity,
    Release,
    ShipAllocated,
    available,
    stock_decider,
)
from velvet_architecture.ports import EventStore


@example("ports_and_adapters")
def ports_and_adapters() -> None:
    """One use case on memory, SQLite and group commit: equal answers, and what durability costs."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        stores: dict[str, Callable[[], EventStore]] = {
            "memory": MemoryEventStore,
            "SQLite, normal": lambda: SqliteEventStore(here / "n.db", synchronous="normal"),
            "SQLite, full": lambda: SqliteEventStore(here / "f.db"),
            "group commit": lambda: GroupCommitStore(SqliteEventStore(here / "g.db")),
        }
        command = PlaceOrder((OrderLine("lamp", 2, Money(1_000, "EUR")),), "ada")
        print(f"{'store':16}{'result':12}{'free':>5}{'events':>8}{'ms':>9}")
        for name, make in stores.items():
            store = make()
            shop = build(store)
            shop.receive("lamp", "batch-1", 10)
            begun = time.perf_counter()
            progress = shop.place("o1", command)
            spent = (time.perf_counter() - begun) * 1e3
            free, events = shop.available("lamp"), len(store.read_all())
            print(f"{name:16}{progress.result:12}{free:>5}{events:>8}{spent:>9.2f}")
            store.close()
    print("why: the use case knows a port; which disk waits is the adapter's business")


class Settings:
    """Where the database is."""


class Session:
    """A connection of one request."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings


class Orders:
    """The use cases."""

    def __init__(self, session: Session) -> None:
        self.session = session


@example("dependency_injection_by_hand")
def dependency_injection_by_hand() -> None:
    """The same objects wired by hand and by a container, and a mistake found at start-up."""
    by_hand = Orders(Session(Settings()))
    print(f"by hand:      {type(by_hand.session).__name__} in {type(by_hand).__name__}")

    container = Container()
    container.add(Settings)
    container.add(Session, lifetime="scoped")
    container.add(Orders, lifetime="transient")
    container.validate()
    with container.scope() as resolve:
        one, two = resolve(Orders), resolve(Orders)
        print(f"by container: two orders, one session: {one.session is two.session}")
    with container.scope() as resolve:
        print(f"next request: another session: {resolve(Session) is not one.session}")

    container.add(Orders, lifetime="singleton")
    try:
        container.validate()
    except WiringError as error:
        print(f"validate():   {error}")
    print("why: a singleton that holds a session goes on using it when its request is over")


@example("event_sourced_stock")
def event_sourced_stock() -> None:
    """A stream of events beside the state at each version: the past is never overwritten."""
    store = MemoryEventStore()
    shop = build(store)
    shop.receive("lamp", "batch-1", 10)
    for number, qty in enumerate((3, 4, 2), 1):
        shop.allocate("lamp", f"order-{number}", qty)
    for command in (
        Release("order-1"),
        ShipAllocated("order-2"),
        ChangeBatchQuantity("batch-1", 1),
    ):
        shop.aggregates.execute(stock_decider, "stock-lamp", command)
    shop.allocate("lamp", "order-4", 5)

    print(f"{'version':>7}  {'event':22}{'data':34}{'free':>5}")
    for event in store.read("stock-lamp"):
        state = shop.aggregates.load(stock_decider, "stock-lamp", upto=event.version).state
        data = event.data.decode()
        shown = data if len(data) < 33 else data[:31] + ".."
        print(f"{event.version:>7}  {event.type:22}{shown:34}{available(state):>5}")
    print("why: OutOfStock is an event, too: an order that was not served is news for sales")


if __name__ == "__main__":
    main()
