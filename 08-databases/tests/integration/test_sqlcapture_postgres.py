"""What the hooks of the PostgreSQL drivers record, and that nothing of them stays."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg import sql

from velvet_databases.sqlcapture import capture

pytestmark = pytest.mark.integration
SECRET = "velvet-marmalade-value"


def run(main: Any) -> Any:
    """Run a coroutine on a loop that psycopg accepts: not the Proactor of Windows."""
    loop = asyncio.SelectorEventLoop() if sys.platform == "win32" else asyncio.new_event_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


def test_psycopg_tells_text_parameters_time_rows_and_origin(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        factories = (connection.cursor_factory, connection.server_cursor_factory)
        with capture(connection) as log:
            connection.execute("create table t (a text)")
            connection.execute(
                sql.SQL("insert into {} values (%s)").format(sql.Identifier("t")), [SECRET]
            )
            with connection.cursor() as cursor:
                cursor.executemany(b"insert into t values (%s)", iter([("x",), ("yy",)]))
                with cursor.copy("copy t from stdin") as copy:
                    copy.write_row(("z",))
            with connection.cursor(name="server_side") as cursor:
                rows = cursor.execute("select a from t").fetchall()
            with connection.cursor() as cursor:
                streamed = list(cursor.stream("select a from t where a > %s", ["x"]))
        with pytest.raises(psycopg.errors.UndefinedTable), capture(connection) as failed:
            connection.execute("select * from nowhere")
        after = (connection.cursor_factory, connection.server_cursor_factory)

    assert (len(rows), len(streamed)) == (4, 2)
    assert [one.fingerprint for one in log] == [
        "CREATE TABLE t(a text)",
        'INSERT INTO "t" VALUES (?)',
        "INSERT INTO t VALUES (?)",
        "COPY t FROM stdin",
        "SELECT a FROM t",
        "SELECT a FROM t WHERE a > ?",
    ]
    assert (log[5].rowcount, log[5].params_shape, log[5].origin.file) == (-1, ("str[1]",), __file__)
    assert log[1].params_shape == (f"str[{len(SECRET)}]",)
    assert log[2].params_shape == ("2 x", "str[1]")
    assert log[1].rowcount == 1
    assert log[1].origin.file == __file__
    assert SECRET not in repr(list(log))
    assert failed[0].rowcount is None
    assert all(now is then for now, then in zip(after, factories, strict=True))


def test_asyncpg_tells_one_turn_later_and_a_pool_is_seen_through(postgres_url: str) -> None:
    async def main() -> Any:
        async with asyncpg.create_pool(postgres_url, min_size=1, max_size=1) as pool:
            proxy = await pool.acquire()
            async with capture(proxy) as log:
                await proxy.execute("create table t (a text)")
                await proxy.execute("insert into t values ($1)", SECRET)
                await proxy.executemany("insert into t values ($1)", [("x",), ("yy",)])
            await proxy.fetch("select 1")
            left = set(proxy._con._query_loggers)
            await pool.release(proxy)
            return log, left

    log, left = run(main())

    assert [one.params_shape for one in log] == [
        (),
        (f"str[{len(SECRET)}]",),
        ("2 x", "str[1]"),
    ]
    assert all(one.seconds > 0 for one in log)
    assert SECRET not in repr(list(log))
    assert str(log[0].origin) == "an unknown place"
    assert left == set()


def test_two_tasks_on_two_connections_do_not_see_each_other(postgres_url: str) -> None:
    async def one(number: int) -> list[str]:
        connection = await asyncpg.connect(postgres_url)
        async with capture(connection) as log:
            await asyncio.gather(connection.fetch(f"select {number}, pg_sleep(0.01)"))
        await connection.close()
        return [statement.sql for statement in log]

    async def main() -> Any:
        return await asyncio.gather(one(1), one(2))

    assert run(main()) == [["select 1, pg_sleep(0.01)"], ["select 2, pg_sleep(0.01)"]]
