"""A cursor in the server sends what is read, not what there is."""

from __future__ import annotations

import tracemalloc
from contextlib import closing
from itertools import islice
from typing import Any

import psycopg
import pytest

from velvet_databases.domain import DDL
from velvet_databases.latency import LatencyProxy
from velvet_databases.stores import Cap, make

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
            assert Cap.SERVER_CURSOR in store.capabilities
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
