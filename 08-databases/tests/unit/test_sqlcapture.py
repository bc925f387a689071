"""What each hook records on SQLite, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextvars import Context
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
    QueryLog,
    Statement,
    capture,
    hooks,
)

SECRET = "velvet-marmalade-value"


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


def test_one_capture_sees_every_mapper_that_it_is_given(
    engine: sa.Engine, alias: str, database: peewee.SqliteDatabase
) -> None:
    with capture(engine, alias, database) as log:
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
    with capture(database) as log:
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


def test_an_unconfigured_django_is_left_alone() -> None:
    program = """
import django.db
from velvet_databases.sqlcapture import capture
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

    monkeypatch.setattr(django.db, "connections", Unconfigured())

    assert hooks.find("default") is None


def test_a_connection_that_is_opened_again_is_still_told_once(alias: str) -> None:
    with capture(alias) as log:
        for _ in range(2):
            connections[alias].close()
            with connections[alias].cursor() as cursor:
                cursor.execute("select 1")

    assert [one.sql for one in log].count("select 1") == 2
