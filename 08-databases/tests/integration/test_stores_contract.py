"""One contract, kept by every store on every backend that is here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from velvet_databases.domain import EPOCH, Dataset, Order, generate
from velvet_databases.stores import (
    Loading,
    NotFound,
    Overdraft,
    StaleWrite,
    Store,
    StoreUnavailable,
    TransferHow,
    Unsupported,
    make,
)
from velvet_databases.stores.mongo_store import MongoStore

RELATIONAL = {
    "sqlite": [
        "sqlite3",
        "sqlalchemy core",
        "sqlalchemy orm",
        "sqlalchemy async",
        "django",
        "peewee",
    ],
    "postgres": [
        "psycopg",
        "asyncpg",
        "sqlalchemy core",
        "sqlalchemy orm",
        "sqlalchemy async",
        "django",
        "peewee",
    ],
}
PAIRS = [
    *((backend, name) for backend, names in RELATIONAL.items() for name in names),
    ("redis", "redis"),
    ("mongodb", "mongodb"),
    ("fake", "mongodb"),
]
CASES = [
    pytest.param(
        pair,
        id="-".join(pair).replace(" ", "_"),
        marks=() if pair[0] in ("sqlite", "fake") else pytest.mark.integration,
    )
    for pair in PAIRS
]
DATA = generate(25)
R, A, V = TransferHow.READ_MODIFY_WRITE, TransferHow.ATOMIC, TransferHow.VERSION
WAYS = {"sqlite": {R, A, V}, "redis": {A}, "mongodb": {A}}


@pytest.fixture(params=CASES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store with an empty schema."""
    backend, name = request.param
    if backend == "sqlite":
        url = "sqlite://"  # in memory: other tests wait for the disk
    elif backend == "postgres":
        url = request.getfixturevalue("postgres_module_url")
    elif backend == "fake":
        url = "mongodb://127.0.0.1:27017"
    elif backend == "mongodb":
        url = f"{request.getfixturevalue('mongodb_server').url}/velvet_test_{uuid4().hex[:12]}"
    else:
        url = request.getfixturevalue("redis_server").url
    opened: Any = make(name)
    if backend == "fake":
        opened = MongoStore(request.getfixturevalue("fake_mongo"))
    if backend == "redis":
        opened.prefix = f"velvet_test_{uuid4().hex[:12]}:"
    opened.open(url)
    try:
        opened.drop_schema()
        opened.create_schema()
        yield opened
        opened.drop_schema()
    finally:
        opened.close()


@pytest.fixture
def filled(store: Store) -> Store:
    """The same store with 25 orders of three lines each."""
    store.insert_reference(DATA)
    store.insert_orders(DATA, store.bulk_methods()[-1])
    return store


def heads(orders: tuple[Order, ...]) -> list[Order]:
    return [replace(order, lines=()) for order in orders]


def test_every_bulk_method_stores_the_same_rows(store: Store) -> None:
    for method in store.bulk_methods():
        store.drop_schema()
        store.create_schema()
        store.insert_reference(DATA)

        count = store.insert_orders(DATA, method)

        assert count == DATA.order_rows
        assert [store.get_order(order.id) for order in DATA.orders] == list(DATA.orders), method


def test_an_unknown_bulk_method_is_answered_with_the_known_ones(store: Store) -> None:
    with pytest.raises(ValueError, match=store.bulk_methods()[0]):
        store.insert_orders(DATA, "telepathy")


def test_nothing_is_inserted_for_no_orders(store: Store) -> None:
    for method in store.bulk_methods():
        assert store.insert_orders(Dataset(), method) == 0

    assert store.page(0, 10) == []


def test_a_missing_order_or_account_is_not_found(filled: Store) -> None:
    with pytest.raises(NotFound, match="999"):
        filled.get_order(999)
    with pytest.raises(NotFound, match="998"):
        filled.balance(998)
    with pytest.raises(NotFound, match="997"):
        filled.set_status(997, "paid", 1)


def test_keyset_pages_concatenate_to_the_table(filled: Store) -> None:
    pages, after = [], 0
    while page := filled.page(after, 7):
        pages.append(page)
        after = page[-1].id

    assert [len(page) for page in pages] == [7, 7, 7, 4]
    assert [order for page in pages for order in page] == heads(DATA.orders)


def test_a_stream_yields_every_order_once_and_may_be_left_early(filled: Store) -> None:
    whole = list(filled.stream_orders(batch=4))
    some = filled.stream_orders(batch=4)
    first = next(some)
    some.close()  # type: ignore[attr-defined]  # it is a generator in every store

    assert whole == heads(DATA.orders)
    assert first == whole[0]
    assert filled.get_order(1) == DATA.orders[0]


def test_every_way_of_loading_lines_gives_the_same_orders_or_a_reason(filled: Store) -> None:
    answered, refused = [], []
    for strategy in Loading:
        try:
            found = filled.orders_with_lines(strategy, limit=10)
        except Unsupported as refusal:
            refused.append(str(refusal))
            continue
        answered.append(strategy)
        assert found == list(DATA.orders[:10]), strategy

    assert answered
    assert all(len(reason) > 30 for reason in refused)


def test_no_orders_have_no_lines(store: Store) -> None:
    for strategy in Loading:
        try:
            assert store.orders_with_lines(strategy) == []
        except Unsupported:
            continue


def test_a_status_is_set_once_for_each_version(filled: Store) -> None:
    filled.set_status(3, "packed", 1)

    with pytest.raises(StaleWrite, match=r"order 3 .*version 2"):
        filled.set_status(3, "lost", 1)
    assert filled.get_order(3) == replace(DATA.orders[2], status="packed", version=2)


@pytest.mark.parametrize("how", list(TransferHow))
def test_a_transfer_moves_all_or_nothing(filled: Store, how: TransferHow) -> None:
    if how not in WAYS.get(filled.backend, TransferHow):
        with pytest.raises(Unsupported, match=r"FOR UPDATE|cannot transfer with"):
            filled.transfer(1, 2, 30_000, how)
        return

    filled.transfer(1, 2, 30_000, how)
    filled.transfer(2, 1, 5_000, how)

    with pytest.raises(Overdraft, match="account 3 holds 100000 cents, 100001"):
        filled.transfer(3, 4, 100_001, how)
    with pytest.raises(Overdraft):
        filled.transfer(4, 3, 100_001, how)
    for missing in ((4, 99), (99, 4)):
        with pytest.raises(NotFound, match="no account 99"):
            filled.transfer(*missing, 1, how)
    assert [filled.balance(key) for key in (1, 2, 3, 4)] == [75_000, 125_000, 100_000, 100_000]


def test_a_transfer_of_nothing_or_to_oneself_is_refused(filled: Store) -> None:
    with pytest.raises(ValueError, match="1 or more, not 0"):
        filled.transfer(1, 2, 0, TransferHow.ATOMIC)
    with pytest.raises(ValueError, match="both account 1"):
        filled.transfer(1, 1, 5, TransferHow.ATOMIC)


def test_what_is_sent_can_be_seen_or_there_is_a_reason(filled: Store) -> None:
    if filled.backend in ("redis", "mongodb"):
        with pytest.raises(Unsupported, match="LatencyProxy"):
            filled.capture()
        return

    with filled.capture() as log:
        filled.page(0, 5)
    filled.page(0, 5)

    assert [statement.sql.split()[0] for statement in log] == ["SELECT"]
    assert "orders" in log[0].sql


def test_an_injection_is_a_value_like_any_other(filled: Store) -> None:
    evil = "x'; DROP TABLE orders; --"

    filled.set_status(1, evil, 1)

    assert filled.get_order(1).status == evil
    assert len(filled.page(0, 100)) == 25


def test_keys_and_moments_at_the_edge_come_back(store: Store) -> None:
    store.insert_reference(DATA)
    order = Order(2**63 - 1, 1, "", EPOCH - timedelta(days=738_000), 2**31 - 1)

    store.insert_orders(Dataset(orders=(order,)), store.bulk_methods()[0])

    assert store.get_order(2**63 - 1) == order


def test_a_closed_store_says_that_it_is_not_open(store: Store) -> None:
    fresh: Any = make(store.name)

    fresh.close()
    with pytest.raises(StoreUnavailable, match="not open"):
        fresh.page(0, 1)
    with pytest.raises(StoreUnavailable, match="not open"):
        fresh.transfer(1, 2, 3, TransferHow.ATOMIC)
