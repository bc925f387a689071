"""What each layer adds: rows read from SQLite, where no network hides it, and whole documents.

Every contender reads the same five columns of the same rows in the same order. What it makes of
them differs, and that is what is measured: tuples, rows with names, or objects that are watched.
"""

from __future__ import annotations

import os
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from velvet.bench import Metric, Suite, Timed, ratio
from velvet_databases.comparisons._shop_data import (
    NO_FSYNC,
    opened,
    orders_only,
    postgres_database,
    sqlite_database,
)

Reader = Callable[[], list[Any]]
ATTRIBUTES = ("id", "customer_id", "status", "placed_at", "version")
DOCUMENTS = {"orders": [200, 1_000]}


def _raw(store: Any) -> Reader:
    return lambda: store.connection.execute(store.sql.stream).fetchall()


def _core(store: Any) -> Reader:
    from sqlalchemy import select

    from velvet_databases.stores.sa_core import ORDERS

    def read() -> list[Any]:
        with store.engine.connect() as connection:
            return list(connection.execute(select(ORDERS).order_by(ORDERS.c.id)))

    return read


def _sa_columns(store: Any) -> Reader:
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    from velvet_databases.stores.sa_models import Order

    columns = [getattr(Order, name) for name in ATTRIBUTES]

    def read() -> list[Any]:
        with Session(store.engine) as session:
            return list(session.execute(select(*columns).order_by(Order.id)))

    return read


def _sa_entities(store: Any) -> Reader:
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    from velvet_databases.stores.sa_models import Order

    def read() -> list[Any]:
        with Session(store.engine) as session:
            return list(session.scalars(select(Order).order_by(Order.id)))

    return read


def _django(store: Any) -> Reader:
    return lambda: list(store.rows("Order").order_by("id"))


def _django_tuples(store: Any) -> Reader:
    return lambda: list(store.rows("Order").order_by("id").values_list(*ATTRIBUTES))


def _peewee(store: Any) -> Reader:
    model = store.models.Order
    return lambda: list(model.select().order_by(model.id))


def _peewee_tuples(store: Any) -> Reader:
    model = store.models.Order
    return lambda: list(model.select().order_by(model.id).tuples())


READERS: dict[str, tuple[str, Callable[[Any], Reader]]] = {
    "sqlite3": ("sqlite3", _raw),
    "sa_core": ("sqlalchemy core", _core),
    "sa_columns": ("sqlalchemy orm", _sa_columns),
    "sa_entities": ("sqlalchemy orm", _sa_entities),
    "django_tuples": ("django", _django_tuples),
    "django_entities": ("django", _django),
    "peewee_tuples": ("peewee", _peewee_tuples),
    "peewee_entities": ("peewee", _peewee),
}


def _reading(name: str, rows: int) -> Iterator[Timed]:
    store, make = READERS[name]
    data = orders_only(rows)
    with sqlite_database() as url:
        with opened("sqlite3", url) as floor:
            floor.create_schema()
            floor.insert_reference(data)
            floor.insert_orders(data, "executemany")
        with opened(store, url) as one:
            read = make(one)

            def memory() -> dict[str, float]:
                tracemalloc.start()
                kept = read()
                held, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
                return {"held": held / len(kept), "peak": peak / len(kept)}

            yield Timed(read, metrics=memory)


def _same_keys(found: list[Any]) -> bool:
    """Look at what was read: as many rows as the first and the last key say."""
    keys = [getattr(row, "id", None) or row[0] for row in (found[0], found[-1])]
    return keys == [1, len(found)]


def _add_reading(suite: Suite) -> None:
    layers = suite.comparison(
        "read_layers",
        title="Rows of five columns read from an SQLite file into a list",
        unit="rows/s",
        items=lambda rows: rows,
        sizes={"rows": [1_000, 10_000]},
        quick=lambda rows: rows == 1_000,
        metrics={"held": Metric("B/row"), "peak": Metric("B/row")},
        rounds={"quick": 8, "default": 5, "full": 20},
    )
    for name in READERS:
        layers.add(name, partial(_reading, name), baseline=name == "sqlite3")
    layers.check(_same_keys)
    for library, tuples, entities, bound in (
        ("SQLAlchemy", "sa_columns", "sa_entities", 1.5),
        ("Django", "django_tuples", "django_entities", 1.5),
        ("Peewee", "peewee_tuples", "peewee_entities", 1.4),
    ):
        suite.claim(
            f"tuples from {library} come {bound:g} times as fast as its objects, or faster",
            ratio("read_layers", tuples, entities, rows=1_000) >= bound,
        )


def _redis(orders: int, *, pipeline: bool) -> Iterator[Timed]:
    from velvet_databases.stores.redis_store import RedisStore

    store = RedisStore(prefix=f"bench-{uuid.uuid4().hex[:12]}:")
    store.open(os.environ["VELVET_REDIS_URL"])
    keys = list(range(1, orders + 1))
    data = _documents(orders)
    try:

        def one_by_one() -> list[Any]:
            store.insert_orders(data, "one_by_one")
            return [store.get_order(key) for key in keys]

        def piped() -> list[Any]:
            store.insert_orders(data, "pipeline")
            return store.many(keys)

        yield Timed(piped if pipeline else one_by_one)
    finally:
        store.drop_schema()
        store.close()


def _documents(orders: int) -> Any:
    from velvet_databases.domain import generate

    return generate(orders)


def _jsonb(orders: int, *, batch: bool) -> Iterator[Timed]:
    from velvet_databases.stores.documents import JsonbOrders

    store, keys = JsonbOrders(), list(range(1, orders + 1))
    data = _documents(orders)
    with postgres_database() as url:
        store.open(url)
        try:
            store.create_schema()

            def one_by_one() -> list[Any]:
                for order in data.orders:
                    store.put(order)
                return [store.get_order(key) for key in keys]

            def batched() -> list[Any]:
                store.put_many(data.orders)
                return store.get_many(keys)

            yield Timed(batched if batch else one_by_one)
        finally:
            store.close()


def _mongo(orders: int) -> Iterator[Timed]:
    from velvet_databases.stores.mongo_store import MongoStore

    store, keys = MongoStore(), list(range(1, orders + 1))
    # Only the database is another one: how to log in stands behind the question mark.
    server = urlsplit(os.environ["VELVET_MONGODB_URL"])
    store.open(urlunsplit(server._replace(path=f"/velvet_bench_{uuid.uuid4().hex[:12]}")))
    data = _documents(orders)
    try:

        def one_by_one(_: object) -> list[Any]:
            store.insert_orders(data, "insert_one")
            return [store.get_order(key) for key in keys]

        yield Timed(one_by_one, prepare=store.drop_schema)
    finally:
        store.drop_schema()
        store.close()


def _add_documents(suite: Suite) -> None:
    documents = suite.comparison(
        "kv_document",
        title=f"Orders with three lines put and got again ({NO_FSYNC})",
        unit="ops/s",
        items=lambda orders: 2 * orders,
        clock="wall",
        sizes=DOCUMENTS,
        quick=lambda orders: orders == 200,
        rounds={"quick": 5, "default": 6, "full": 15},
    )
    documents.add(
        "redis_one_by_one",
        partial(_redis, pipeline=False),
        baseline=True,
        needs="redis",
        note="a hash and two sorted sets for each order",
    )
    documents.add("redis_pipeline", partial(_redis, pipeline=True), needs="redis")
    documents.add("jsonb_one_by_one", partial(_jsonb, batch=False), needs=("postgres", "psycopg"))
    documents.add("jsonb_batch", partial(_jsonb, batch=True), needs=("postgres", "psycopg"))
    documents.add("mongodb_one_by_one", _mongo, needs=("mongodb", "pymongo"))
    documents.same_result()
    suite.claim(
        "a pipeline to Redis does at least twice as much as one command at a time",
        ratio("kv_document", "redis_pipeline", "redis_one_by_one", orders=200) >= 2,
        needs="redis",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of layers and of documents."""
    _add_reading(suite)
    _add_documents(suite)
