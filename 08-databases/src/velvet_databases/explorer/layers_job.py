"""What each store sends for the same operations, and what a list of orders costs: the child's part."""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from velvet_databases.domain import Dataset, generate
from velvet_databases.explorer.telling import Budget, Tell, postgres, steps
from velvet_databases.stores import (
    NAMES,
    Loading,
    StoreUnavailable,
    TransferHow,
    Unsupported,
    make,
)

ROUNDS = 5
NEW_ORDERS = 5
LONGEST_SQL = 2_000
_OTHER_SERVERS = {"mongodb", "redis"}


def layers(tell: Tell, budget: Budget, *, rows: int, use_postgres: bool) -> None:
    """Tell SQL, time and memory of every store on SQLite, or on a PostgreSQL."""
    with ExitStack() as stack:
        if use_postgres:
            backend, url = "postgresql", stack.enter_context(postgres(tell, budget))
        else:
            backend, url = "sqlite", stack.enter_context(sqlite_file())
            budget.start()
        data = generate(rows)
        fill(url, data)
        next_one = steps(tell, len(NAMES))
        for number, name in enumerate(NAMES):
            next_one(name)
            if budget.over():
                return
            told = {"backend": backend, "store": name}
            if name in _OTHER_SERVERS:
                tell({"type": "absent", **told, "reason": "keeps documents on a server of its own"})
                continue
            try:
                store = make(name)
                store.open(url)
            except StoreUnavailable as error:
                tell({"type": "absent", **told, "reason": str(error)})
                continue
            with closing(store):
                _sql(tell, told, store, data, number)
                tell({"type": "cost", **told, "rows": rows, **_cost(store, rows)})


@contextmanager
def sqlite_file() -> Iterator[str]:
    """Give the address of a file that is removed afterwards."""
    with tempfile.TemporaryDirectory(
        prefix="velvet-databases-", ignore_cleanup_errors=True
    ) as folder:
        yield f"sqlite:///{(Path(folder) / 'shop.db').as_posix()}"


def fill(url: str, data: Dataset) -> None:
    """Make the shop at an address and put the data in by its driver."""
    store = make("sqlite3" if url.startswith("sqlite") else "psycopg")
    store.open(url)
    with closing(store):
        store.create_schema()
        store.insert_reference(data)
        store.insert_orders(data, "executemany")


def _operations(store: Any, data: Dataset, number: int) -> dict[str, Callable[[], object]]:
    first = len(data.orders) + 1 + number * NEW_ORDERS
    fresh = Dataset(
        orders=tuple(
            replace(
                order,
                id=first + at,
                lines=tuple(
                    replace(line, id=3 * (first + at) + extra, order_id=first + at)
                    for extra, line in enumerate(order.lines)
                ),
            )
            for at, order in enumerate(data.orders[:NEW_ORDERS])
        )
    )
    lines = store.orders_with_lines
    return {
        "a page of orders by key": partial(store.page, 10, 100),
        "one order with its lines": partial(store.get_order, 7),
        "10 orders with lines, lazily": partial(lines, Loading.LAZY, 10),
        "10 orders with lines, joined": partial(lines, Loading.JOIN, 10),
        "10 orders with lines, select-in": partial(lines, Loading.SELECT_IN, 10),
        "a status, if nobody changed it": partial(
            store.set_status, 20 + number, "paid", data.orders[19 + number].version
        ),
        "money, in one atomic statement": partial(store.transfer, 1, 2, 1, TransferHow.ATOMIC),
        f"{NEW_ORDERS} new orders, fastest way": partial(
            store.insert_orders, fresh, store.bulk_methods()[-1]
        ),
    }


def _sql(tell: Tell, told: dict[str, Any], store: Any, data: Dataset, number: int) -> None:
    for operation, run in _operations(store, data, number).items():
        found: dict[str, Any] = {"type": "sql", **told, "operation": operation}
        try:
            with store.capture() as log:
                run()
        except Unsupported as error:
            tell({**found, "refused": str(error)})
            continue
        groups = log.by_fingerprint().values()
        texts = [[len(one), _text(one[0]), list(one[0].params_shape)] for one in groups]
        tell({**found, "statements": texts})


def _text(statement: Any) -> str:
    text = " ".join(statement.sql.split())
    return text if len(text) <= LONGEST_SQL else str(statement.fingerprint)


def _cost(store: Any, rows: int) -> dict[str, float]:
    """Read a list of orders: the best of some rounds, then once with memory traced."""
    read = partial(store.page, 0, rows)
    read()
    best = min(_timed(read) for _ in range(ROUNDS))
    tracemalloc.start()
    try:
        kept = read()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == rows
    return {"ms": round(best * 1e3, 3), "held_kb": held / 1024, "peak_kb": peak / 1024}


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
