"""What a layer costs: the ladder beside a commit, containers, dispatch, three shops on a disk."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial, singledispatch
from pathlib import Path
from typing import Any

from velvet.bench import Outcome, Suite, order, ratio, speedup
from velvet_architecture import contenders
from velvet_architecture.comparisons import ladder
from velvet_architecture.domain import orders, stock
from velvet_architecture.lab import shapes

SOLD = {"normal": 300, "full": 40}
NEEDS = {
    "dependency_injector": "dependency-injector",
    **{name: name for name in ("dishka", "diwire", "lagom", "punq", "svcs", "wireup")},
}


def _commit(synchronous: str) -> Iterator[Callable[[], int]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        db = sqlite3.connect(Path(folder) / "stock.db", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("CREATE TABLE stock (sku TEXT PRIMARY KEY, qty INT)")
        db.execute("INSERT INTO stock VALUES (?, ?)", (ladder.SKU, ladder.UNITS))

        def take() -> int:
            db.execute("UPDATE stock SET qty = qty - 1 WHERE sku = ?", (ladder.SKU,))
            return int(db.execute("SELECT qty FROM stock").fetchone()[0])

        yield take
        db.close()


def _wired(name: str) -> contenders.Resolve:
    resolve = contenders.load(name).wire()
    if not contenders.same_lifetimes(resolve):
        raise ValueError(f"{name} does not keep the lifetimes")
    return resolve


LINE = orders.OrderLine("lamp", 1, orders.Money(1, "EUR"))
COMMANDS: tuple[Any, ...] = (
    stock.ReceiveBatch("b", 1),
    stock.Allocate("o", 1),
    stock.Release("o"),
    stock.ShipAllocated("o"),
    stock.ChangeBatchQuantity("b", 1),
    orders.PlaceOrder((LINE,), "ada"),
    orders.MarkReserved(),
    orders.MarkPaid("p"),
    orders.ConfirmOrder(),
    orders.CancelOrder("late"),
)


def _by_match(message: Any) -> int:
    match message:
        case stock.ReceiveBatch():
            return 0
        case stock.Allocate():
            return 1
        case stock.Release():
            return 2
        case stock.ShipAllocated():
            return 3
        case stock.ChangeBatchQuantity():
            return 4
        case orders.PlaceOrder():
            return 5
        case orders.MarkReserved():
            return 6
        case orders.MarkPaid():
            return 7
        case orders.ConfirmOrder():
            return 8
    return 9


def _dispatch(way: str) -> Callable[[], int]:
    table = {type(command): number for number, command in enumerate(COMMANDS)}

    @singledispatch
    def by_type(_: Any) -> int:
        return -1

    for kind, number in table.items():
        by_type.register(kind, lambda _, number=number: number)
    ways: dict[str, Callable[[Any], int]] = {
        "dict": lambda message: table[type(message)],
        "match": _by_match,
        "singledispatch": by_type,
    }
    chosen = ways[way]
    return lambda: sum(chosen(message) for message in COMMANDS)


def _durable(name: str, synchronous: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "shop.db"
            shop = shapes.SHAPES[name](path, 1_000, synchronous=synchronous)
            spent, sold, count = list[float](), 0, SOLD[synchronous]
            for number in range(count):
                begun = time.perf_counter()
                sold += shop.sell(f"order-{number}")
                spent.append(time.perf_counter() - begun)
            shop.close()
        spent.sort()
        p99 = spent[int(len(spent) * 0.99)] * 1e6
        return Outcome({"p99": p99}, seconds=sum(spent) / count, result=sold)

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    rungs = suite.comparison(
        "layers", title="Take one unit of stock, one layer more each", unit="ns", clock="wall"
    )
    for name, make in ladder.RUNGS.items():
        rungs.add(name, make, baseline=name == "dict")
    for mode in ("normal", "full"):
        rungs.add(f"commit_{mode}", partial(_commit, mode), note=f"SQLite, synchronous={mode}")
    rungs.same_result()

    containers = suite.comparison(
        "containers", title="Give a service of one request, five classes wired", unit="ns"
    )
    for name in contenders.NAMES:
        containers.add(
            name, partial(_wired, name), needs=NEEDS.get(name, ()), baseline=name == "manual"
        )
    containers.check(lambda made: type(made) is contenders.Service)

    dispatch = suite.comparison("dispatch", title="Find one of ten handlers", unit="ns", items=10)
    for way in ("dict", "match", "singledispatch"):
        dispatch.add(way, partial(_dispatch, way))
    dispatch.same_result()

    durable = suite.comparison(
        "durable",
        title="Sell one unit durably in three architectures",
        kind="run",
        unit="us",
        sizes={"synchronous": list(SOLD)},
        metrics={"p99": "us"},
        rounds={"quick": 3, "default": 7},
    )
    for name in shapes.SHAPES:
        durable.add(name, partial(_durable, name), baseline=name == "naive")
    durable.same_result()

    suite.claim(
        "bus and middleware take no longer than the cheapest commit",
        ratio("layers", "middleware", "commit_normal") <= 1.0,
    )
    suite.claim(
        "a commit that waits for the disk is at least 10x slower than one that does not",
        ratio("layers", "commit_full", "commit_normal") >= 10,
        needs="linux",
    )
    suite.claim(
        "punq takes at least 20x as long as wiring by hand",
        ratio("containers", "punq", "manual") >= 20,
    )
    suite.claim(
        "dishka takes at most 10x as long as wiring by hand",
        ratio("containers", "dishka", "manual") <= 10,
    )
    suite.claim(
        "a dict finds the handler faster than singledispatch",
        order("dispatch", "dict", "singledispatch"),
    )
    suite.claim(
        "event sourcing sells at least half as fast as a script when the disk is waited for",
        speedup("durable", "event_sourced", "naive", synchronous="full") >= 0.5,
    )
