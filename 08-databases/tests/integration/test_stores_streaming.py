"""A cursor in the server sends what is read, not what there is."""

from __future__ import annotations

import asyncio
import tracemalloc
from contextlib import closing
from itertools import islice
from typing import Any

import psycopg
import pytest

from velvet_databases.domain import DDL, generate
from velvet_databases.latency import LatencyProxy
from velvet_databases.stores import TransferHow, make
from velvet_databases.stores.raw_asyncpg import RawAsyncpg
from velvet_databases.stores.sa_orm import SaAsync

ROWS = 100_000
NAMES = [
    "psycopg",
    "asyncpg",
    "sqlalchemy core",
    "sqlalchemy orm",
    "sqlalchemy async",
    "django",
    "peewee",
]
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def large(postgres_module_url: str) -> str:
    """A database with a hundred thousand orders, made inside the server."""
    with psycopg.connect(postgres_module_url, autocommit=True) as connection:
        for statement in DDL["postgresql"]:
            connection.execute(statement.encode())
        connection.execute("INSERT INTO customer VALUES (1, 'x', NULL)")
        connection.execute(
            "INSERT INTO orders SELECT n, 1, 'new', now()::timestamp(0), 1 "
            "FROM generate_series(1, %s) n",
            (ROWS,),
        )
    return postgres_module_url


@pytest.mark.parametrize("name", NAMES)
def test_the_first_rows_of_a_stream_come_without_the_others(large: str, name: str) -> None:
    store: Any = make(name)
    with LatencyProxy(large, rtt_ms=0) as proxy:
        store.open(proxy.url)
        with closing(store):
            list(store.page(0, 1))
            before = proxy.stats
            stream = store.stream_orders(batch=500)
            first = [next(stream).id for _ in range(600)]
            stream.close()
            read = (proxy.stats - before).bytes_down

    assert first == list(range(1, 601))
    # A row is some 60 bytes on the wire; SQLAlchemy's driver doubles its batches.
    assert 600 * 20 < read < ROWS * 20


def test_a_stream_holds_one_batch_in_memory(large: str) -> None:
    store: Any = make("psycopg")
    store.open(large)
    with closing(store):
        tracemalloc.start()
        try:
            stream = store.stream_orders(batch=500)
            count = sum(1 for _ in islice(stream, 30_000))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        stream.close()

    assert count == 30_000
    # All of them would be 6 MB and more.
    assert peak < 1_500_000


@pytest.mark.parametrize("name", ["psycopg", "asyncpg", "sqlalchemy orm"])
def test_what_does_not_stream_reads_everything_at_once(large: str, name: str) -> None:
    store: Any = make(name)
    with LatencyProxy(large, rtt_ms=0) as proxy:
        store.open(proxy.url)
        with closing(store):
            before = proxy.stats
            found = store.page(0, 20_000)
            read = (proxy.stats - before).bytes_down

    assert len(found) == 20_000
    assert read > 20_000 * 20


def opened(name: str, url: str) -> Any:
    store: Any = make(name)
    store.open(url)
    return store


def filled(name: str, url: str) -> Any:
    store, data = opened(name, url), generate(30, n_accounts=2)
    store.create_schema()
    store.insert_reference(data)
    store.insert_orders(data, store.bulk_methods()[-1])
    return store


@pytest.mark.parametrize(
    ("name", "database"),
    [
        *((name, "postgres_url") for name in NAMES),
        *((name, "sqlite_url") for name in ["sqlite3", *NAMES[2:]]),
    ],
)
def test_what_is_written_while_a_stream_is_read_is_there_when_the_stream_is_abandoned(
    request: pytest.FixtureRequest, name: str, database: str
) -> None:
    url = request.getfixturevalue(database)
    with closing(filled(name, url)) as store, closing(opened(name, url)) as other:
        stream = store.stream_orders(5)
        for order in stream:
            store.transfer(1, 2, 100, TransferHow.ATOMIC)
            store.set_status(order.id, "held", order.version)
            break
        with closing(store.stream_orders(5)) as beside:  # one more, while the first is alive
            next(beside)
            store.set_status(next(beside).id, "held", 1)

            assert (other.balance(1), other.balance(2)) == (99_900, 100_100)
            assert [order.status for order in other.page(0, 2)] == ["held", "held"]
        stream.close()
        assert store.balance(1) == 99_900


@pytest.mark.parametrize("kind", [RawAsyncpg, SaAsync])
def test_a_task_that_breaks_out_of_a_stream_goes_on_writing(postgres_url: str, kind: Any) -> None:
    filled(kind.name, postgres_url).close()

    async def break_out_and_write() -> int:
        store = kind()
        await store.open(postgres_url)
        async for order in store.stream_orders(5):
            found = order
            await store.transfer(1, 2, 100, TransferHow.ATOMIC)
            break
        await asyncio.sleep(0)  # the loop may close the abandoned stream here, or later
        await store.set_status(found.id, "held", found.version)
        await store.close()
        return int(found.id)

    number = asyncio.run(break_out_and_write())

    with closing(opened(kind.name, postgres_url)) as other:
        assert other.get_order(number).status == "held"
        assert other.balance(1) == 99_900
