"""A bulk load that is cut in the middle leaves nothing, and the store can be opened again."""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import closing, suppress
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis

from velvet.services import Server
from velvet_databases.domain import generate
from velvet_databases.latency import LatencyProxy
from velvet_databases.stores import StoreUnavailable, TransferHow, make
from velvet_databases.stores.raw_asyncpg import RawAsyncpg
from velvet_databases.stores.redis_store import RedisStore
from velvet_databases.stores.sa_orm import SaAsync

pytestmark = pytest.mark.integration
DATA = generate(60_000, lines_per_order=0)


def cut_after(proxy: LatencyProxy, sent: int, over: threading.Event) -> None:
    """Reset the connections once so many bytes went up."""
    while not over.wait(0.001):
        if proxy.stats.bytes_up > sent:
            proxy.cut()
            return


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("psycopg", "copy"),
        ("psycopg", "copy_binary"),
        ("psycopg", "executemany"),
        ("asyncpg", "copy"),
    ],
)
def test_nothing_is_visible_of_a_load_that_was_cut(
    postgres_url: str, name: str, method: str
) -> None:
    store: Any = make(name)
    over = threading.Event()
    with LatencyProxy(postgres_url, rtt_ms=0) as proxy:
        store.open(proxy.url)
        store.create_schema()
        store.insert_reference(DATA)
        cutter = threading.Thread(
            target=cut_after, args=(proxy, proxy.stats.bytes_up + 200_000, over)
        )
        cutter.start()
        try:
            with pytest.raises(Exception, match=r"(?i)connection|closed|reset|SSL|consum"):
                store.insert_orders(DATA, method)
        finally:
            over.set()
            cutter.join()
            store.close()

        with psycopg.connect(postgres_url) as connection:
            visible = connection.execute("SELECT count(*) FROM orders").fetchone()
        store.open(proxy.url)
        with closing(store):
            store.insert_orders(generate(10, lines_per_order=0), method)
            assert len(store.page(0, 100)) == 10

    assert visible == (0,)


def test_a_redis_that_was_killed_in_mid_pipeline_serves_the_same_store_again(
    private_redis: Server,
) -> None:
    store = RedisStore(prefix=f"velvet_test_{uuid4().hex[:12]}:")
    store.open(private_redis.url)
    with closing(store):
        store.insert_orders(generate(5), "pipeline")
        private_redis.kill()
        with pytest.raises(redis.ConnectionError):
            store.insert_orders(generate(9), "pipeline")

        private_redis.restart()
        assert store.page(0, 100) == []
        store.insert_orders(generate(9), "pipeline")
        assert len(store.page(0, 100)) == 9


def test_a_pipeline_that_was_cut_is_there_whole_or_not_at_all(redis_server: Server) -> None:
    store = RedisStore(prefix=f"velvet_test_{uuid4().hex[:12]}:")
    many = generate(3_000)
    over = threading.Event()
    with LatencyProxy(redis_server.url, rtt_ms=0) as proxy:
        store.open(proxy.url)
        with closing(store):
            cutter = threading.Thread(target=cut_after, args=(proxy, 100_000, over))
            cutter.start()
            try:
                with pytest.raises(redis.ConnectionError):
                    store.insert_orders(many, "pipeline")
            finally:
                over.set()
                cutter.join()
            found = len(store.page(0, 10_000))
            store.drop_schema()

    assert found in (0, 3_000)


@pytest.mark.parametrize("kind", [RawAsyncpg, SaAsync])
def test_a_store_whose_transfers_are_cancelled_anywhere_serves_the_next_one(
    postgres_url: str, kind: Any
) -> None:
    """The server may or may not have heard of a cancelled transfer; money is never made or lost."""
    data, rng = generate(2, n_accounts=2), random.Random(5)

    async def cancel_again_and_again() -> list[int]:
        store = kind()
        await store.open(postgres_url)
        await store.create_schema()
        await store.insert_reference(data)
        for _ in range(120):
            task = asyncio.ensure_future(store.transfer(1, 2, 1, TransferHow.FOR_UPDATE))
            for _ in range(rng.randrange(1, 14)):
                await asyncio.sleep(rng.choice((0.0, 0.0001)))
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            assert await store.balance(1) + await store.balance(2) == 200_000
        await store.transfer(2, 1, 1, TransferHow.ATOMIC)
        left = [await store.balance(1), await store.balance(2)]
        await store.close()
        return left

    assert sum(asyncio.run(cancel_again_and_again())) == 200_000


def test_a_connection_that_was_ended_costs_one_error_of_the_stores_own(postgres_url: str) -> None:
    store: Any = make("asyncpg")
    store.open(postgres_url)
    with closing(store), psycopg.connect(postgres_url, autocommit=True) as admin:
        store.create_schema()
        store.insert_reference(generate(2))
        assert store.balance(1) == 100_000
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

        with pytest.raises(StoreUnavailable, match="velvet services up postgres"):
            store.balance(1)

        store.transfer(1, 2, 100, TransferHow.ATOMIC)
        assert store.balance(1) == 99_900
