"""Transfers that claim safety neither lose nor make money when several run at once."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velvet_databases.domain import generate
from velvet_databases.stores import Conflict, StaleWrite, TransferHow, make

ACCOUNTS = (1, 2, 3)
START = 100_000
WORKERS = 3
SAFE = [how for how in TransferHow if how is not TransferHow.READ_MODIFY_WRITE]
Move = tuple[int, int, int]
moves = st.lists(
    st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 50)).filter(
        lambda move: move[0] != move[1]
    ),
    min_size=WORKERS,
    max_size=9,
)


def fresh(name: str, url: str) -> None:
    store = make(name)
    store.open(url)
    try:
        store.drop_schema()
        store.create_schema()
        store.insert_reference(generate(0))
    finally:
        store.close()


def work(name: str, url: str, some: list[Move], how: TransferHow, gate: threading.Barrier) -> int:
    """Do some transfers in a thread of its own, each again until it succeeds."""
    store = make(name)
    store.open(url)
    again = 0
    try:
        gate.wait(20)
        for source, target, cents in some:
            while True:
                try:
                    store.transfer(source, target, cents, how)
                    break
                except (Conflict, StaleWrite):
                    again += 1
                    assert again < 2_000, "no transaction gets through"
    finally:
        store.close()
    return again


def race(name: str, url: str, todo: list[Move], how: TransferHow) -> dict[int, int]:
    gate = threading.Barrier(WORKERS)
    shares = [todo[number::WORKERS] for number in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda some: work(name, url, some, how, gate), shares))
    store = make(name)
    store.open(url)
    try:
        return {account: store.balance(account) for account in ACCOUNTS}
    finally:
        store.close()


def expected(todo: list[Move]) -> dict[int, int]:
    balances = dict.fromkeys(ACCOUNTS, START)
    for source, target, cents in todo:
        balances[source] -= cents
        balances[target] += cents
    return balances


modest = settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.integration
@pytest.mark.parametrize("how", SAFE)
@modest
@given(todo=moves)
def test_money_is_conserved_by_every_safe_way_in_postgresql(
    postgres_module_url: str, how: TransferHow, todo: list[Move]
) -> None:
    fresh("psycopg", postgres_module_url)

    assert race("psycopg", postgres_module_url, todo, how) == expected(todo)


@pytest.mark.parametrize("how", [TransferHow.ATOMIC, TransferHow.VERSION])
@modest
@given(todo=moves)
def test_money_is_conserved_by_every_safe_way_in_sqlite(
    sqlite_url: str, how: TransferHow, todo: list[Move]
) -> None:
    fresh("sqlite3", sqlite_url)

    assert race("sqlite3", sqlite_url, todo, how) == expected(todo)


@pytest.fixture
def todo() -> list[Move]:
    rng = random.Random(7)
    pairs = [rng.sample(ACCOUNTS, 2) for _ in range(12)]
    return [(source, target, rng.randrange(1, 50)) for source, target in pairs]


@pytest.mark.integration
@pytest.mark.parametrize("how", SAFE)
@pytest.mark.parametrize(
    "name", ["asyncpg", "sqlalchemy core", "sqlalchemy orm", "sqlalchemy async", "django", "peewee"]
)
def test_money_is_conserved_by_every_library(
    postgres_module_url: str, name: str, how: TransferHow, todo: list[Move]
) -> None:
    fresh(name, postgres_module_url)

    assert race(name, postgres_module_url, todo, how) == expected(todo)
