"""Doubles of a server and its connections, a clock that stands still, and databases to watch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest
import sqlalchemy as sa
from django.db import connections
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from velvet_databases.samples.bookshelf import django_shelf
from velvet_databases.stores import django_setup

PATIENCE = 20.0


class Clock:
    """Time that stands still until it is told to pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A connection that can die, and that minds being used by two."""

    def __init__(self, number: int) -> None:
        self.number, self.dead, self.closed = number, False, False
        self.rollbacks = self.pings = 0
        self.failed_transaction = False

    def rollback(self) -> None:
        if self.dead or self.closed:
            raise ConnectionError("the connection is closed")
        self.rollbacks += 1
        self.failed_transaction = False

    def execute(self, _sql: str) -> None:
        if self.dead or self.closed:
            raise ConnectionError("terminating connection due to administrator command")
        self.pings += 1

    def close(self) -> None:
        if self.dead and not self.closed:
            self.closed = True
            raise ConnectionError("it does not even close")
        self.closed = True


class Server:
    """Makes connections, or refuses to."""

    def __init__(self) -> None:
        self.made: list[Line] = []
        self.refuses = False

    def __call__(self) -> Line:
        if self.refuses:
            raise ConnectionRefusedError("no server")
        self.made.append(Line(len(self.made)))
        return self.made[-1]

    @property
    def open(self) -> list[Line]:
        return [line for line in self.made if not line.closed]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Turn until something that another thread is about to do has been done."""

    def turning(condition: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(int(PATIENCE * 1000)):
            if condition():
                return
            pause.wait(0.001)
        pytest.fail("it did not happen")

    return turning


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


@pytest.fixture(scope="module")
def shelf_alias(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("django") / "shelf.db"
    shelf_alias = django_setup.add_database(
        {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}
    )
    django_shelf.fill(shelf_alias)
    yield shelf_alias
    django_setup.remove_database(shelf_alias)


@pytest.fixture
def names(shelf_alias: str) -> dict[str, Any]:
    shelf = django_shelf.models()
    models = (shelf.Publisher, shelf.Author, shelf.Profile, shelf.Book, shelf.Tag)
    return {model.__name__: model.objects.using(shelf_alias) for model in models}
