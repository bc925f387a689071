"""Stores of every kind, events to put into them, and a database for the read side."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from velvet import services
from velvet.services import Server
from velvet_architecture.adapters.group_commit import GroupCommitStore
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.ports import EventStore, NewEvent, uuid7

KINDS = ("memory", "full", "normal", "group", "xid", "serial", "table")


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[Server]:
    """A PostgreSQL that no other test run writes to: an open transaction hides events of `xid`."""
    try:
        server = services.postgres(private=True)
    except services.ServiceUnavailable as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture
def postgres_store(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Return a maker of stores in one schema of our PostgreSQL; the schema is dropped."""
    url = request.getfixturevalue("own_postgres").url
    from velvet_architecture.adapters.postgres import PostgresEventStore

    schema, made = f"v_{uuid.uuid4().hex[:12]}", []

    def make(order: str = "xid") -> Any:
        made.append(PostgresEventStore(url, schema=schema, order=order))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made[1:]:
        one.close()
    if made:
        made[0].drop()
        made[0].close()


def _store(kind: str, path: Path) -> EventStore:
    if kind == "memory":
        return MemoryEventStore()
    if kind == "group":
        return GroupCommitStore(SqliteEventStore(path, synchronous="normal"))
    return SqliteEventStore(path, synchronous="full" if kind == "full" else "normal")


@pytest.fixture(params=KINDS)
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventStore]:
    """Return an empty store of each kind."""
    if request.param in ("xid", "serial", "table"):
        yield request.getfixturevalue("postgres_store")(request.param)
        return
    store = _store(request.param, tmp_path / "events.db")
    yield store
    store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEventStore]:
    """Return an empty store in a file."""
    made = SqliteEventStore(tmp_path / "events.db", synchronous="normal")
    yield made
    made.close()


@pytest.fixture
def new() -> Callable[..., list[NewEvent]]:
    """Return a maker of events."""

    def make(count: int = 1, kind: str = "Put", data: bytes = b"{}") -> list[NewEvent]:
        return [NewEvent(kind, data, uuid7()) for _ in range(count)]

    return make


@pytest.fixture
def read_db() -> Iterator[sqlite3.Connection]:
    """Return an empty database for projections."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()
