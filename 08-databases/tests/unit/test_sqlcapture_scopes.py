"""Captures that overlap, fail and end: what each sees, and what is restored."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress
from contextvars import copy_context
from typing import Any

import peewee
import pytest
import sqlalchemy as sa
from django.db import connections
from sqlalchemy import text

from velvet_databases.sqlcapture import (
    Capture,
    Origin,
    QueryLog,
    Statement,
    capture,
    params_shape,
)
from velvet_databases.sqlcapture.origin import call_site, current_scope

SECRET = "velvet-marmalade-value"


def test_captures_may_be_nested_and_end_in_any_order(
    engine: sa.Engine, database: peewee.SqliteDatabase
) -> None:
    first, second = capture(database), capture(database, engine)

    log = first.__enter__()
    database.execute_sql("select 1")
    inner = second.__enter__()
    database.execute_sql("select 2")
    first.__exit__(None, None, None)
    database.execute_sql("select 3")
    second.__exit__(None, None, None)
    database.execute_sql("select 4")

    assert [one.sql for one in log] == ["select 1", "select 2"]
    assert [one.sql for one in inner] == ["select 2", "select 3"]
    assert "execute_sql" not in vars(database)


def test_everything_is_restored_by_identity(
    engine: sa.Engine, alias: str, database: peewee.SqliteDatabase
) -> None:
    def mine(sql: Any, params: Any = None) -> Any:
        return peewee.Database.execute_sql(database, sql, params)

    database.execute_sql = mine  # the wrapper of another library
    wrappers = connections[alias].execute_wrappers

    inside = []
    with suppress(RuntimeError), capture(alias), capture(engine, alias, database):
        inside += [database.execute_sql is mine, len(wrappers)]
        raise RuntimeError("an exception must not keep a hook in place")

    assert inside == [False, 1]
    assert database.execute_sql is mine
    assert connections[alias].execute_wrappers is wrappers
    assert wrappers == []
    assert not engine.dispatch.before_cursor_execute
    assert not engine.dispatch.after_cursor_execute
    assert not engine.dialect.dispatch.handle_error


def test_what_cannot_be_captured_is_refused_and_nothing_is_hooked(
    database: peewee.SqliteDatabase,
) -> None:
    with pytest.raises(TypeError, match="cannot capture a int: give an engine, connection"):
        capture(database, 7).__enter__()
    with pytest.raises(TypeError, match="cannot capture a str"):
        capture("no such alias").__enter__()

    assert "execute_sql" not in vars(database)


def test_a_failing_hook_leaves_the_others_as_they_were(
    database: peewee.SqliteDatabase,
) -> None:
    closed = sqlite3.connect(":memory:")
    closed.close()

    with pytest.raises(sqlite3.ProgrammingError):
        capture(database, closed).__enter__()

    assert "execute_sql" not in vars(database)


def test_one_capture_is_open_once(database: peewee.SqliteDatabase) -> None:
    one = capture(database)
    with one, pytest.raises(RuntimeError, match="this capture is open"):
        one.__enter__()
    with one as log:
        database.execute_sql("select 1")

    assert isinstance(one, Capture)
    assert len(log) == 1


def test_two_threads_do_not_see_each_other(engine: sa.Engine) -> None:
    logs: dict[str, list[str]] = {}
    barrier = threading.Barrier(2, timeout=10)

    def work(name: str) -> None:
        with capture(engine) as log:
            barrier.wait()
            with engine.connect() as connection:
                connection.execute(text(f"select '{name}' as {name}"))
            barrier.wait()
        logs[name] = [one.sql for one in log]

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert logs == {name: [f"select '{name}' as {name}"] for name in ("one", "two")}


def test_a_scope_is_a_thread_or_a_task_and_a_thread_that_a_task_waits_for_is_the_tasks() -> None:
    async def main() -> tuple[int, int, int, int]:
        async def other() -> int:
            return current_scope()

        mine = current_scope()
        in_thread = await asyncio.to_thread(current_scope)
        return mine, in_thread, await asyncio.create_task(other()), current_scope()

    def of_thread() -> None:
        found.append(copied.run(current_scope))
        found.append(current_scope())

    here = current_scope()
    copied = copy_context()
    found: list[int] = []
    thread = threading.Thread(target=of_thread)
    thread.start()
    thread.join()
    mine, in_thread, others, still_mine = asyncio.run(main())

    assert current_scope() == here
    assert len({here, mine, others, *found}) == 5
    assert mine == in_thread == still_mine


def test_a_log_is_grouped_by_shape() -> None:
    origin = Origin("shop/page.py", 7, "page")
    log = QueryLog(
        Statement(f"select {n}", shape, (), seconds, rows, origin, 1)
        for n, (shape, seconds, rows) in enumerate(
            [("SELECT a", 0.5, 1), ("SELECT b", None, None), ("SELECT b", 0.25, -1)]
        )
    )

    assert list(log.by_fingerprint()) == ["SELECT b", "SELECT a"]
    assert str(log[0].origin) == "page.py:7"
    assert isinstance(log[1:], QueryLog)
    assert repr(log) == "<QueryLog of 3 statements, 750.0 ms>"


@pytest.mark.parametrize(
    ("params", "many", "shape"),
    [
        (None, False, ()),
        ((1, "abc", None, b"xy", 2.5), False, ("int", "str[3]", "NoneType", "bytes[2]", "float")),
        ({"a": [1, 2]}, False, ("a: list[2]",)),
        ([(1,), (2,)], True, ("2 x", "int")),
        (iter([]), True, ("? x",)),
    ],
)
def test_parameters_have_a_shape_and_no_value(
    params: Any, many: bool, shape: tuple[str, ...]
) -> None:
    assert params_shape(params, many=many) == shape


def test_an_origin_is_a_line_of_the_application_or_unknown() -> None:
    names: dict[str, Any] = {"__name__": "made", "call_site": call_site}
    library: dict[str, Any] = {"__name__": "sqlalchemy.made", "call_site": call_site}
    source = "def ask():\n    return call_site()\n"
    exec(compile(source, "<string>", "exec"), names)
    exec(compile(source, "made.py", "exec"), library)

    here, through_library = call_site(), library["ask"]()

    assert (
        here.function
        == through_library.function
        == "test_an_origin_is_a_line_of_the_application_or_unknown"
    )
    assert names["ask"]().file == __file__  # code without a file is the last resort
    assert str(Origin("", 0, "")) == "an unknown place"
