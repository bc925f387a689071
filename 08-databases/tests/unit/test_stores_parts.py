"""Addresses, errors, transfers and documents: what every store stands on."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_databases import stores
from velvet_databases.domain import Account, Customer, Dataset, Order, OrderLine, Product, generate
from velvet_databases.stores import (
    NAMES,
    Conflict,
    DataError,
    Loading,
    NotFound,
    Overdraft,
    ServerFull,
    Store,
    StoreUnavailable,
    TransferHow,
    Unavailable,
    Unsupported,
    ValueOutOfRange,
    available,
    make,
    redis_store,
)
from velvet_databases.stores.address import Address, read_address
from velvet_databases.stores.base import after, moves
from velvet_databases.stores.documents import (
    from_document,
    only_atomic,
    to_json,
)
from velvet_databases.stores.failures import connecting, culprit, sqlstate, translated
from velvet_databases.stores.floor import Sql, from_join, head
from velvet_databases.stores.mongo_store import MongoStore
from velvet_databases.stores.redis_store import member

BOTH = frozenset({"sqlite", "postgresql"})
WHEN = generate(1).orders[0].placed_at


class Driver(Exception):
    """An error as drivers raise them."""

    def __init__(self, words: str, state: str = "") -> None:
        super().__init__(words)
        self.sqlstate = state


@pytest.mark.parametrize("url", ["mysql://h/x", "h:5432", "", "://x"])
def test_an_unknown_scheme_is_answered_with_the_known_ones(url: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"unknown URL scheme .*; known are mongodb, postgr"):
        read_address(url, BOTH)


def test_a_store_says_what_it_speaks_when_it_is_given_something_else() -> None:
    with pytest.raises(StoreUnavailable, match="speaks postgresql and sqlite, not redis"):
        read_address("redis://127.0.0.1:6379", BOTH)


def test_a_port_that_is_no_number_may_be_a_password_and_is_not_repeated() -> None:
    with pytest.raises(StoreUnavailable, match="a port that is no number") as caught:
        read_address("postgresql://h:marmalade/db", BOTH)

    assert "marmalade" not in str(caught.value)


def test_a_redis_that_takes_the_call_and_stays_silent_is_asked_once_and_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_store, "CONNECT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        with pytest.raises(StoreUnavailable, match="Timeout"):
            make("redis").open(f"redis://127.0.0.1:{silent.getsockname()[1]}")

        # Without a bound of its own (redis-py 5) a read waits for ever; with retries, again.
        silent.accept()[0].close()
        silent.settimeout(0.01)
        with pytest.raises(TimeoutError):
            silent.accept()


@given(st.text(max_size=12).map("zq".__add__))
def test_no_spelling_of_a_password_is_shown(password: str) -> None:
    address = Address("postgresql", f"postgresql://u:{quote(password, safe='')}@h:1/db")

    error = address.unavailable(OSError(f"refused <{password}> and <{quote(password, safe='')}>"))

    assert "zq" not in str(error)
    assert f":{quote(password, safe='')}@" not in address.shown
    assert address.parts["password"] == password


def test_an_address_gives_its_parts_and_other_spellings() -> None:
    address = read_address("postgres://me:pw@127.0.0.1:6000/shop", BOTH)

    assert address.parts["port"] == "6000"
    assert address.with_driver("psycopg") == "postgresql+psycopg://me:pw@127.0.0.1:6000/shop"
    assert read_address("sqlite://", BOTH).path == ":memory:"
    assert read_address("sqlite:////tmp/x.db", BOTH).path == "/tmp/x.db"


def test_the_sqlstate_is_found_below_whatever_wraps_it() -> None:
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = Driver("deep", "40001")

    assert sqlstate(wrapped) == "40001"
    assert sqlstate(ValueError("none")) == ""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Driver("could not serialize", "40001"), Conflict),
        (Driver("deadlock", "40P01"), Conflict),
        (OSError("database is locked"), Conflict),
        (Driver("too long", "22001"), DataError),
        (Driver("duplicate key", "23505"), DataError),
        (OverflowError("too large"), DataError),
    ],
)
def test_what_a_driver_refuses_becomes_the_stores_own_error(
    error: Exception, kind: type[Exception]
) -> None:
    with pytest.raises(kind), translated("postgresql"):
        raise error


@pytest.mark.parametrize("error", [NotFound("x"), KeyError("x"), Driver("gone", "57P01")])
def test_everything_else_passes_unchanged(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated("postgresql"):
        raise error

    assert caught.value is error


@pytest.mark.parametrize(
    "error", [Driver("x", "53300"), Driver("FATAL: sorry, too many clients already")]
)
def test_a_full_server_is_told_from_a_missing_one(error: Exception) -> None:
    address = Address("postgresql", "postgresql://h:1/db")

    with pytest.raises(ServerFull, match="every connection is taken"), connecting(address):
        raise error


def test_while_connecting_a_store_error_passes_and_others_get_a_remedy() -> None:
    address = Address("redis", "redis://h:1")
    with pytest.raises(NotFound), connecting(address):
        raise NotFound("x")
    wanted = r"redis://h:1: TimeoutError; start a server"
    with pytest.raises(StoreUnavailable, match=wanted), connecting(address):
        raise TimeoutError


@pytest.mark.parametrize(
    ("data", "column"),
    [
        (Dataset(orders=(Order(1, 2**63, "", WHEN),)), "orders.customer_id"),
        (Dataset(orders=(Order(1, 1, "", WHEN, 2**31),)), "orders.version"),
        (
            Dataset(orders=(Order(1, 1, "", WHEN, 1, (OrderLine(1, 1, 1, -(2**31) - 1, 1),)),)),
            "order_line.qty",
        ),
        (Dataset(products=(Product(1, "x", 2**31),)), "product.price_cents"),
        (Dataset(accounts=(Account(1, "x", 2**63),)), "account.balance_cents"),
    ],
)
def test_the_column_of_a_number_that_does_not_fit_is_named(data: Dataset, column: str) -> None:
    found = culprit(data, "postgresql")

    assert isinstance(found, ValueOutOfRange)
    assert found.column == column
    assert column in str(found)


def test_only_postgresql_refuses_nul_and_only_eight_bytes_bind_sqlite() -> None:
    nul = Dataset(customers=(Customer(1, "a\0b", None),))
    four = Dataset(orders=(Order(1, 1, "", WHEN, 2**31),))

    found = culprit(nul, "postgresql")
    assert found is not None
    assert found.column == "customer.email"
    assert culprit(nul, "sqlite") is None
    assert culprit(four, "sqlite") is None
    assert culprit(generate(3), "postgresql") is None


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 10**6))
def test_moves_go_by_ascending_key_and_add_up_to_nothing(
    source: int, target: int, cents: int
) -> None:
    if source == target:
        with pytest.raises(ValueError, match="name two accounts"):
            moves(source, target, cents)
        return

    changes = moves(source, target, cents)

    assert changes == sorted(changes)
    assert sum(change for _, change in changes) == 0


def test_balances_after_a_transfer_need_both_accounts_and_enough_money() -> None:
    assert after([(1, -5), (2, 5)], {1: 5, 2: 0}) == [(1, 0), (2, 5)]
    with pytest.raises(Overdraft, match="account 1 holds 4 cents, 5 were asked for"):
        after([(1, -5), (2, 5)], {1: 4, 2: 0})
    with pytest.raises(NotFound, match="no account 2"):
        after([(1, -5), (2, 5)], {1: 5})


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_keys_sort_as_text_as_they_do_as_numbers(first: int, second: int) -> None:
    assert (member(first) < member(second)) == (first < second)


def test_an_order_survives_json_and_a_join() -> None:
    order = generate(1, lines_per_order=2).orders[0]
    joined = [(*order.head, *vars(line).values()) for line in order.lines]

    assert from_document(json.loads(to_json(order))) == order
    assert from_join(joined) == [order]
    assert from_join([(*order.head, None, None, None, None, None)]) == [head(order.head)]


def test_placeholders_are_numbered_through_several_rows() -> None:
    sql = Sql(lambda number: f"${number}")

    assert sql.insert_many("product", 2).endswith("VALUES ($1, $2, $3), ($4, $5, $6)")
    assert "IN ($1, $2)" in sql.lines_of(2)


def test_documents_refuse_what_makes_no_sense_for_them_with_a_reason() -> None:
    with pytest.raises(Unsupported, match="LAZY: the lines are inside the document"):
        MongoStore().orders_with_lines(Loading.LAZY)
    with pytest.raises(Unsupported, match="X cannot transfer with FOR_UPDATE; it can with ATOMIC"):
        only_atomic("X", TransferHow.FOR_UPDATE)


def test_every_name_makes_the_store_of_that_name() -> None:
    assert [make(name).name for name in NAMES] == list(NAMES)


def test_an_unknown_store_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no store 'oracle'; known are sqlite3, psycopg"):
        make("oracle")


def test_a_missing_driver_is_a_reason_and_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = stores.import_module

    def without_peewee(name: str) -> Any:
        if name.endswith("peewee_store"):
            raise ModuleNotFoundError("No module named 'peewee'", name="peewee")
        return real(name)

    monkeypatch.setattr(stores, "import_module", without_peewee)

    opened = available("sqlite://")
    reasons = {one.name: one.reason for one in opened if isinstance(one, Unavailable)}
    for one in opened:
        if not isinstance(one, Unavailable):
            one.close()

    assert reasons["peewee"] == "peewee is not installed: pip install peewee"
    assert reasons["redis"] == "this store speaks redis, not sqlite"
    with pytest.raises(StoreUnavailable, match="pip install peewee"):
        make("peewee")


def test_all_stores_of_sqlite_are_available_in_memory() -> None:
    opened: list[Store] = [
        one for one in available("sqlite://") if not isinstance(one, Unavailable)
    ]
    for one in opened:
        one.close()

    assert [one.name for one in opened] == [
        "sqlite3",
        "sqlalchemy core",
        "sqlalchemy orm",
        "sqlalchemy async",
        "django",
        "peewee",
    ]


def test_an_unknown_address_is_refused_once() -> None:
    with pytest.raises(StoreUnavailable, match="unknown URL scheme 'oracle'"):
        available("oracle://h/x")


def test_a_synchronous_face_is_no_use_inside_a_running_loop() -> None:
    store: Any = make("sqlalchemy async")

    async def open_it() -> None:
        store.open("sqlite://")

    with pytest.raises(RuntimeError, match="await the store sqlalchemy async itself"):
        asyncio.run(open_it())
