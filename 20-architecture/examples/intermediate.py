"""Intermediate examples: a race, a rebuild under readers, old events, a chain of hashes."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from velvet.examples import example, main
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.app import evidence
from velvet_architecture.app.serial import EventRegistry
from velvet_architecture.bootstrap import build
from velvet_architecture.domain.orders import OrderPlaced
from velvet_architecture.lab import shapes
from velvet_architecture.ports import NewEvent, uuid7


@example("lost_update_race")
def lost_update_race() -> None:
    """Eight threads sell a hundred lamps in three architectures; one sells lamps that are not there."""
    print(f"{'architecture':16}{'in stock':>9}{'sold':>7}{'lost updates':>14}{'retries':>9}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in shapes.SHAPES:
            told = shapes.race(name, Path(folder), think_s=0.001)
            print(
                f"{name:16}{told['units']:>9}{told['sold']:>7}"
                f"{told['lost_updates']:>14}{told['retries']:>9}"
            )
    print("naive:         UPDATE stock SET qty = <what I read> - 1")
    print("hexagonal:     UPDATE ... WHERE version = <what I read>; again when none matched")
    print("event_sourced: append(expected=<what I read>); again on ConcurrencyError")
    print("why: reading and writing are two moments; a version makes them one")


@example("projection_rebuild_live")
def projection_rebuild_live() -> None:
    """A read model is rebuilt while orders come in; readers see old rows or new ones, never half."""
    shop = build(MemoryEventStore())
    shop.receive("lamp", "batch-1", 2_000)
    database = sqlite3.connect(":memory:", isolation_level=None)
    runner = shop.projections(database)
    question = "SELECT units FROM stock_levels"

    for number in range(300):
        shop.allocate("lamp", f"order-{number}")
    print("lag before the first run:", runner.lag("stock_levels").events, "events")
    while runner.run_once(60):
        behind = runner.lag("stock_levels").events
        print(f"  {behind:>4} behind  {'#' * (behind // 10)}")
    print("read model:", database.execute(question).fetchone()[0], " fold:", shop.available("lamp"))

    database.execute("UPDATE stock_levels SET units = 0")  # a bug was here for a week
    print("verify() finds the damage:", not runner.verify("stock_levels"))
    seen: set[int] = set()
    for _ in runner.rebuilding(runner.projections["stock_levels"], 100):
        shop.allocate("lamp", f"late-{len(seen)}-{shop.store.head().position}")
        seen.add(database.execute(question).fetchone()[0])
    runner.rebuild("stock_levels")
    runner.catch_up()
    print("rows that readers saw while it was built:", sorted(seen))
    print("read model:", database.execute(question).fetchone()[0], " fold:", shop.available("lamp"))
    database.close()
    print("why: the new tables stand beside the old ones and are swapped in one transaction")


@dataclass(frozen=True)
class FirstOrder:
    """What an order was when the shop opened: one line, cents without a currency."""

    sku: str
    qty: int
    price: int
    customer: str


@example("upcasting")
def upcasting() -> None:
    """A file of schema 1 is read by code of schema 3, one step of the chain at a time."""
    known = EventRegistry()
    known.event("OrderPlaced", schema=3)(OrderPlaced)

    @known.upcaster("OrderPlaced", 1)
    def several_lines(old: dict[str, Any]) -> dict[str, Any]:
        line = {"sku": old.pop("sku"), "qty": old.pop("qty"), "price": old.pop("price")}
        return {**old, "lines": [line]}

    @known.upcaster("OrderPlaced", 2)
    def with_currency(old: dict[str, Any]) -> dict[str, Any]:
        lines = [
            {**line, "price": {"minor": line["price"], "currency": "EUR"}} for line in old["lines"]
        ]
        return {**old, "lines": lines}

    known.validate()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        years_ago, past = SqliteEventStore(Path(folder) / "log.db"), EventRegistry()
        past.event("OrderPlaced")(FirstOrder)
        placed = past.encode(FirstOrder("lamp", 2, 1999, "ada"), event_id=uuid7())
        years_ago.append("order-1", [placed])
        years_ago.close()

        today = SqliteEventStore(Path(folder) / "log.db")
        (stored,) = today.read("order-1")
        today.close()
    print(f"stored:   {stored.data.decode()}")
    for schema, shape in enumerate(known.chain("OrderPlaced", json.loads(stored.data), 1), 1):
        print(f"schema {schema}: {str(shape)[:66]}")
    event = known.decode(stored)
    print(f"object:   {event.lines[0].qty} x {event.lines[0].sku} at {event.lines[0].price}")
    print("why: the log is never rewritten; each version of the code adds a function")


@example("tampering_and_erasure")
def tampering_and_erasure() -> None:
    """A row changed in the file breaks its hash chain, and a person is erased without a change."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "log.db"
        store, shredder = SqliteEventStore(path, synchronous="normal"), evidence.Shredder()
        for person in ("ada", "bob", "ada"):
            sealed = shredder.seal(person, f"{person}, Main Street 1")
            event = NewEvent("Moved", sealed.encode(), uuid7(), metadata={"who": person})
            evidence.append_chained(store, "people-1", [event], secret=b"kept elsewhere")
        print("chain:", evidence.verify_chain(store, "people-1", secret=b"kept elsewhere"))

        shredder.forget("ada")
        for moved in store.read("people-1"):
            person = moved.metadata["who"]
            print(f"  {moved.version} {person}: {shredder.open(person, moved.data.decode())}")
        whole = evidence.verify_chain(store, "people-1", secret=b"kept elsewhere") is None
        print("the chain after the erasure is whole:", whole)

        other = sqlite3.connect(path)
        with other:
            other.execute("UPDATE events SET data = 'bob, Palace 1' WHERE version = 2")
        other.close()
        broken = evidence.verify_chain(store, "people-1", secret=b"kept elsewhere")
        print(f"the chain breaks at version {broken.version if broken else 'none'}")
        store.close()
    print("why: throwing away a key erases a person's data in every copy, backups included")


if __name__ == "__main__":
    main()
