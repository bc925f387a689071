"""However rows go in, the tables hold the same afterwards, whatever is in the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from velvet_databases.domain import EPOCH, Customer, Dataset, Order, generate
from velvet_databases.stores import Store, make

SQLITE = ["sqlite3", "sqlalchemy core", "sqlalchemy orm", "sqlalchemy async", "django", "peewee"]
POSTGRES = ["psycopg", "asyncpg", *SQLITE[1:]]
TRICKY = [
    "",
    "\\N",
    "\\",
    "\\\\N",
    "\t",
    "\n",
    "\r\n",
    "a\tb\\nc",
    "'",
    '"',
    "%s",
    "?",
    ":x",
    "ünï",
    "🐘",
]
# NUL is refused by PostgreSQL alone, and has tests of its own.
texts = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
)
moments = st.integers(-(10**9), 10**9).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
orders = st.builds(
    Order,
    id=st.integers(-(2**63), 2**63 - 1),
    customer_id=st.just(1),
    status=texts,
    placed_at=moments,
    version=st.sampled_from([-(2**31), 0, 1, 2**31 - 1]),
)
names = st.lists(st.none() | texts, min_size=1, max_size=4)
datasets = st.builds(
    lambda found, people: Dataset(
        tuple(Customer(number, f"{number}@x", name) for number, name in enumerate(people, 1)),
        orders=tuple(sorted(found, key=lambda order: order.id)),
    ),
    st.lists(orders, max_size=5, unique_by=lambda order: order.id),
    names,
)
EARLY = EPOCH - timedelta(days=738_000)  # in the year 3
EDGE = Dataset(
    (Customer(1, "1@x", None), Customer(2, "\\N", "\\N"), Customer(3, "\t\n", "")),
    orders=tuple(
        Order(key, 1, text, EARLY if key == 1 else EPOCH, 2**31 - 1)
        for key, text in enumerate(TRICKY, 1)
    ),
)


def opened(url: str, stores: list[str]) -> Iterator[list[Store]]:
    with ExitStack() as stack:
        found = []
        for name in stores:
            store = make(name)
            store.open(url)
            stack.enter_context(closing(store))
            found.append(store)
        found[0].drop_schema()
        found[0].create_schema()
        yield found


@pytest.fixture(scope="module")
def sqlite_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    file: Path = tmp_path_factory.mktemp("bulk") / "shop.db"
    yield from opened(f"sqlite:///{file.as_posix()}", SQLITE)


@pytest.fixture(scope="module")
def postgres_stores(postgres_module_url: str) -> Iterator[list[Store]]:
    yield from opened(postgres_module_url, POSTGRES)


def contents(floor: Any) -> tuple[list[Any], list[Any]]:
    ask = floor.connection.execute
    people = ask("SELECT * FROM customer ORDER BY id").fetchall()
    return people, ask("SELECT * FROM orders ORDER BY id").fetchall()


def seconds(value: object) -> object:
    # SQLite keeps text, and a library may write its zeros behind the seconds.
    return datetime.fromisoformat(value) if isinstance(value, str) and value[4:5] == "-" else value


def all_ways_agree(stores: list[Store], data: Dataset) -> None:
    floor: Any = stores[0]
    people = [tuple(vars(one).values()) for one in data.customers]
    wanted = [order.head for order in data.orders]
    for store in stores:
        for method in store.bulk_methods():
            for table in ("orders", "customer"):
                floor.connection.execute(f"DELETE FROM {table}")

            store.insert_reference(data)
            count = store.insert_orders(data, method)

            found_people, found = contents(floor)
            assert count == len(data.orders)
            assert found_people == people, (store.name, method)
            plain = [(*row[:3], seconds(row[3]), row[4]) for row in found]
            assert plain == wanted, (store.name, method)
            later = [order for order in data.orders if order.id > -(2**63)]
            assert store.page(-(2**63), 100) == later, (store.name, method)


modest = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@modest
@given(datasets)
@example(EDGE)
def test_every_bulk_method_of_sqlite_stores_what_it_was_given(
    sqlite_stores: list[Store], data: Dataset
) -> None:
    all_ways_agree(sqlite_stores, data)


@pytest.mark.integration
@modest
@given(datasets)
@example(EDGE)
def test_every_bulk_method_of_postgresql_stores_what_it_was_given(
    postgres_stores: list[Store], data: Dataset
) -> None:
    all_ways_agree(postgres_stores, data)


@modest
@given(st.integers(1, 9))
def test_pages_of_any_size_concatenate_to_the_table(sqlite_stores: list[Store], limit: int) -> None:
    floor: Any = sqlite_stores[0]
    for table in ("order_line", "orders", "account", "product", "customer"):
        floor.connection.execute(f"DELETE FROM {table}")
    data = generate(11, lines_per_order=0)
    floor.insert_reference(data)
    floor.insert_orders(data, "executemany")

    for store in sqlite_stores:
        pages, after = [], 0
        while page := store.page(after, limit):
            pages += page
            after = page[-1].id
        assert pages == list(data.orders), store.name
    for table in ("orders", "account", "product", "customer"):
        floor.connection.execute(f"DELETE FROM {table}")
