"""Six pools behind one face, on a real server: they lend, bound, refuse, check and give back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest

from velvet.services import Server
from velvet_databases.pool_adapters import ADAPTERS, AsyncpgPool, OurPool, ping
from velvet_databases.pool_curve import pgbench, pgbench_tps, pool_curve
from velvet_databases.services import fresh_database
from velvet_databases.stores.address import read_address
from velvet_databases.stores.base import StoreUnavailable
from velvet_databases.stores.failures import connect

AWAY = "postgresql://velvet:marmalade@127.0.0.1:1/nowhere"
BOUNDED = [name for name in ADAPTERS if name != "nullpool"]


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Iterator[Any]:
    made = ADAPTERS[request.param]()
    yield made
    made.close()


only_bounded = pytest.mark.parametrize("adapter", BOUNDED, indirect=True)


def back_ends(url: str) -> int:
    """How many connections a database has, without the one that asks."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
    return int(row[0]) if row else -1


def end_them(url: str) -> None:
    """Terminate every other back end of this database."""
    sql = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url) as connection:
        connection.execute(sql)


@pytest.mark.integration
def test_a_pool_lends_what_executes(adapter: Any, postgres_server: Server) -> None:
    adapter.open(postgres_server.url, 2)

    done = 0
    for _ in range(3):
        with adapter.borrow() as execute:
            execute("SELECT 1")
            done += 1

    assert done == 3


@pytest.mark.integration
@only_bounded
def test_a_pool_connects_its_size_and_refuses_the_next(postgres_url: str, adapter: Any) -> None:
    adapter.open(postgres_url, 2, timeout=0.05)

    def borrow(depth: int) -> int:
        """Borrow on a thread of its own, inside of which the next one borrows; the back ends."""
        with adapter.borrow() as execute:
            execute("SELECT 1")
            if depth == 1:
                return back_ends(postgres_url)
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(borrow, depth - 1).result()

    assert borrow(2) == 2
    # Each library has its own word for it.
    with pytest.raises(Exception, match=r"(?i)time|connection"):
        borrow(3)
    assert borrow(2) == 2


@pytest.mark.integration
def test_without_a_pool_nothing_stays_connected(postgres_url: str) -> None:
    adapter = ADAPTERS["nullpool"]()
    adapter.open(postgres_url, 1)

    with adapter.borrow() as execute:
        execute("SELECT 1")

    assert back_ends(postgres_url) == 0
    adapter.close()


@pytest.mark.integration
@only_bounded
def test_with_a_check_a_terminated_back_end_is_never_seen(postgres_url: str, adapter: Any) -> None:
    adapter.open(postgres_url, 1, check=True)
    with adapter.borrow() as execute:
        execute("SELECT 1")
    end_them(postgres_url)

    with adapter.borrow() as execute:
        execute("SELECT 1")


@pytest.mark.integration
@only_bounded
def test_without_it_the_borrower_meets_the_corpse_once(postgres_url: str, adapter: Any) -> None:
    adapter.open(postgres_url, 1)
    with adapter.borrow() as execute:
        execute("SELECT 1")
    end_them(postgres_url)

    with pytest.raises(Exception, match=r"terminating connection|closed"), adapter.borrow() as lent:
        lent("SELECT 1")
    with adapter.borrow() as execute:
        execute("SELECT 1")


@pytest.mark.integration
def test_asyncpg_lends_and_bounds_too(postgres_url: str) -> None:
    async def use() -> int:
        adapter = AsyncpgPool()
        await adapter.open(postgres_url, 1, timeout=0.05)
        async with adapter.borrow() as execute:
            await execute("SELECT 1")
            with pytest.raises(asyncio.TimeoutError):
                await adapter.borrow().__aenter__()
            found = back_ends(postgres_url)
        await adapter.close()
        return found

    assert asyncio.run(use()) == 1


@pytest.mark.integration
def test_a_curve_is_measured_on_a_real_server(postgres_server: Server) -> None:
    for kind in (OurPool, AsyncpgPool):
        one, four = pool_curve(kind, postgres_server.url, [1, 4], threads=4, seconds=0.2)

        # Four hold their connections at once, where one could not.
        assert four.tps > one.tps
        assert four.waiting < one.waiting


def test_a_server_that_is_away_is_unavailable_and_its_password_is_not_said(adapter: Any) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        adapter.open(AWAY, 1)

    assert "marmalade" not in str(caught.value)


def test_asyncpg_says_so_too() -> None:
    with pytest.raises(StoreUnavailable):
        asyncio.run(AsyncpgPool().open(AWAY, 1))


def test_a_pool_that_is_not_open_says_so(adapter: Any) -> None:
    with pytest.raises(StoreUnavailable, match="open"):
        adapter.borrow().__enter__()

    async def borrow() -> None:
        pool = AsyncpgPool()
        await pool.close()
        await pool.borrow().__aenter__()

    with pytest.raises(StoreUnavailable, match="open"):
        asyncio.run(borrow())


@pytest.mark.integration
def test_a_ping_is_an_empty_statement(postgres_server: Server) -> None:
    with closing(connect(read_address(postgres_server.url, frozenset({"postgresql"})))) as one:
        ping(one)

        assert one.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


@pytest.mark.integration
def test_a_fresh_database_is_gone_afterwards(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VELVET_POSTGRES_URL", postgres_server.url)
    with fresh_database() as url:
        name = url.rpartition("/")[2]
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (id int)")

    with psycopg.connect(postgres_server.url) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        assert found.fetchall() == []


@pytest.mark.integration
def test_pgbench_gives_the_floor_or_its_own_complaint(postgres_server: Server) -> None:
    program = pgbench()
    if program is None:
        pytest.skip("no pgbench beside the server here; install PostgreSQL's client programs")

    assert pgbench_tps(program, postgres_server.url, 2, 1, ("SELECT 1", "SELECT 2")) > 0
    with pytest.raises(RuntimeError, match="pgbench failed: "):
        pgbench_tps(program, postgres_server.url, 1, 1, ("SELECT nothing FROM nowhere",))
