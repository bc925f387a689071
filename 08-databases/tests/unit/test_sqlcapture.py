"""What each hook records on SQLite, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

import django
import peewee
import pytest
import sqlalchemy as sa
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from velvet_databases.sqlcapture import (
    Capture,
    Origin,
    QueryLog,
    Statement,
    call_site,
    capture,
    current_scope,
    django_,
    params_shape,
)
from velvet_databases.stores import django_setup

SECRET = "velvet-secret-value"


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    with engine.begin() as connection:
        connection.execute(text("create table t (a text)"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def alias(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("capture") / "t.db"
    alias = django_setup.add_database({"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)})
    with connections[alias].cursor() as cursor:
        cursor.execute("create table t (a text)")
    yield alias
    django_setup.remove_database(alias)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[peewee.SqliteDatabase]:
    database = peewee.SqliteDatabase(tmp_path / "t.db")
    database.execute_sql("create table t (a text)")
    yield database
    database.close()


def only(log: QueryLog) -> Statement:
    (statement,) = log
    return statement


def test_sqlalchemy_tells_text_shape_parameters_time_rows_and_origin(engine: sa.Engine) -> None:
    with engine.begin() as connection, capture(engine) as log:
        connection.execute(text("insert into t values (:a)"), {"a": SECRET})

    statement = only(log)
    assert statement.sql == "insert into t values (?)"
    assert statement.fingerprint == "INSERT INTO t VALUES (?)"
    assert statement.params_shape == (f"str[{len(SECRET)}]",)
    assert statement.seconds is not None
    assert 0 < statement.seconds == log.total_s
    assert statement.rowcount == 1
    assert (statement.origin.file, statement.origin.function) == (
        __file__,
        "test_sqlalchemy_tells_text_shape_parameters_time_rows_and_origin",
    )
    assert SECRET not in repr(list(log))


def test_sqlalchemy_tells_many_rows_and_failures(engine: sa.Engine) -> None:
    with engine.connect() as connection, capture(connection) as log:
        connection.execute(text("insert into t values (:a)"), [{"a": "x"}, {"a": "yy"}])
        with pytest.raises(sa.exc.OperationalError):
            connection.execute(text("select * from nowhere"))

    assert log[0].params_shape == ("2 x", "str[1]")
    assert log[1].fingerprint == "SELECT * FROM nowhere"
    assert log[1].rowcount is None


def test_sqlalchemy_sessions_stand_for_their_engines(engine: sa.Engine) -> None:
    with Session(engine) as session, capture(session, engine) as log:
        session.execute(text("select 1"))
    with engine.connect() as connection, Session(connection) as bound, capture(bound) as again:
        bound.execute(text("select 1"))

    assert len(log) == len(again) == 1


def test_async_engines_sessions_and_connections_stand_for_their_engines() -> None:
    async def main() -> list[int]:
        engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
        async with capture(engine) as first, AsyncSession(engine) as session:
            await session.execute(text("select 1"))
        async with AsyncSession(engine) as session, capture(session) as second:
            await session.execute(text("select 1"))
        async with engine.connect() as connection, capture(connection) as third:
            await connection.execute(text("select 1"))
        await engine.dispose()
        assert first[0].origin.function == "main"
        return [len(log) for log in (first, second, third)]

    assert asyncio.run(main()) == [1, 1, 1]


def test_django_tells_what_its_cursor_is_given(alias: str) -> None:
    with capture(alias) as log, connections[alias].cursor() as cursor:
        cursor.execute("insert into t values (%s)", [SECRET])
        cursor.executemany("insert into t values (%s)", [["x"], ["y"]])
        with pytest.raises(django.db.OperationalError):
            cursor.execute("select * from nowhere")

    assert [one.params_shape for one in log] == [(f"str[{len(SECRET)}]",), ("2 x", "str[1]"), ()]
    assert [one.rowcount for one in log] == [1, 2, None]
    assert SECRET not in repr(list(log))
    assert log[0].origin.file == __file__


def test_django_connections_and_proxies_are_found_too(alias: str) -> None:
    from django.db import DEFAULT_DB_ALIAS, connection

    with capture(connections[alias]) as log, connections[alias].cursor() as cursor:
        cursor.execute("select 1")
    with capture(connection) as nothing:  # a proxy of the default alias
        wrapped = len(connections[DEFAULT_DB_ALIAS].execute_wrappers)

    assert len(log) == 1
    assert len(nothing) == 0
    assert wrapped == 1


def test_peewee_tells_what_a_database_is_given(database: peewee.SqliteDatabase) -> None:
    proxy = peewee.DatabaseProxy()
    proxy.initialize(database)
    with capture(proxy) as log:
        database.execute_sql("insert into t values (?)", (SECRET,))
        with pytest.raises(peewee.OperationalError):
            database.execute_sql(sql="select * from nowhere")

    assert [one.params_shape for one in log] == [(f"str[{len(SECRET)}]",), ()]
    assert [one.rowcount for one in log] == [1, None]
    assert SECRET not in repr(list(log))


def test_sqlite_tells_shapes_because_its_trace_has_the_values_filled_in() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("create table t (a text)")
    with capture(connection) as log:
        connection.execute("insert into t values (?)", (SECRET,))
    connection.execute("select 1")
    connection.close()

    statement = only(log)
    assert statement.sql == statement.fingerprint == "INSERT INTO t VALUES (?)"
    assert statement.seconds is statement.rowcount is None
    assert log.total_s == 0


def test_without_targets_every_mapper_is_seen_once(
    engine: sa.Engine, alias: str, database: peewee.SqliteDatabase
) -> None:
    with capture() as log:
        with engine.connect() as connection:
            connection.execute(text("select 1"))
        with connections[alias].cursor() as cursor:
            cursor.execute("select 2")
        database.execute_sql("select 3")

    assert [one.sql for one in log] == ["select 1", "select 2", "select 3"]


def test_a_method_that_calls_its_base_is_told_once(tmp_path: Path) -> None:
    class Loud(peewee.SqliteDatabase):
        def execute_sql(self, sql: Any, params: Any = None) -> Any:
            return super().execute_sql(sql + " -- loud", params)

    database = Loud(tmp_path / "loud.db")
    with capture() as log:
        database.execute_sql("select 1")
    database.close()

    assert [one.sql for one in log] == ["select 1"]


def test_a_connection_that_fails_is_no_statement(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path.as_posix()}/nowhere/t.db")

    with capture(engine) as log, pytest.raises(sa.exc.OperationalError):
        engine.connect()

    assert len(log) == 0


def test_nothing_is_recorded_for_a_context_that_did_not_ask(engine: sa.Engine) -> None:
    with engine.connect() as connection, capture(engine) as log:
        Context().run(connection.execute, text("select 1"))

    assert len(log) == 0


def test_a_django_that_nobody_configured_is_left_alone() -> None:
    program = """
import django.db
from velvet_databases.sqlcapture import capture
with capture() as log:
    assert len(log) == 0
try:
    with capture("default"):
        pass
except TypeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.startswith("cannot capture a str")


def test_an_alias_is_looked_for_only_where_django_is_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Unconfigured:
        def __iter__(self) -> Iterator[str]:
            raise ImproperlyConfigured("settings are not configured")

    monkeypatch.setattr(django_, "connections", Unconfigured())

    assert django_.hookable("default") is None


def test_a_connection_that_is_opened_again_is_still_told_once(alias: str) -> None:
    with capture() as log:
        for _ in range(2):
            connections[alias].close()
            with connections[alias].cursor() as cursor:
                cursor.execute("select 1")

    assert [one.sql for one in log].count("select 1") == 2


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

    database.execute_sql = mine  # somebody else's wrapper
    wrappers = connections[alias].execute_wrappers
    classes = [peewee.Database, peewee.SqliteDatabase]
    methods = [vars(kind).get("execute_sql") for kind in classes]

    inside = []
    with suppress(RuntimeError), capture(), capture(engine, alias, database):
        inside += [database.execute_sql is mine, len(wrappers)]
        inside += [vars(peewee.Database)["execute_sql"] is methods[0]]
        raise RuntimeError("an exception must not keep a hook in place")

    assert inside == [False, 2, False]
    assert database.execute_sql is mine
    assert connections[alias].execute_wrappers is wrappers
    assert wrappers == []
    assert all(
        vars(kind).get("execute_sql") is method
        for kind, method in zip(classes, methods, strict=True)
    )
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


def test_everywhere_sees_other_threads_and_connections_made_later(
    alias: str, database: peewee.SqliteDatabase
) -> None:
    def work() -> None:
        with connections[alias].cursor() as cursor:
            cursor.execute("select 1")
        connections[alias].close()

    with capture() as here, capture(everywhere=True) as everywhere:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert len(here) == 0
    assert "select 1" in [one.sql for one in everywhere]


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


def test_a_log_is_grouped_by_shape_and_tabulated() -> None:
    origin = Origin("shop/page.py", 7, "page")
    log = QueryLog(
        Statement(f"select {n}", shape, (), seconds, rows, origin, 1)
        for n, (shape, seconds, rows) in enumerate(
            [("SELECT a", 0.5, 1), ("SELECT b", None, None), ("SELECT b", 0.25, -1)]
        )
    )

    assert list(log.by_fingerprint()) == ["SELECT b", "SELECT a"]
    assert log.as_table()[0] == {
        "statements": 2,
        "ms": 250.0,
        "rows": 0,
        "origin": "page.py:7",
        "sql": "SELECT b",
    }
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
