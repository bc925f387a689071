"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once, writable
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.app.messaging import InboxConsumer
from velvet_architecture.lab.shapes import HexagonalShop
from velvet_architecture.ports import Message, NewEvent

FORK = "a connection of SQLite is not carried into a forked child, says its documentation"
EVENT = NewEvent("thing-done", b"{}", "00000000-0000-7000-8000-000000000001")
MESSAGE = Message("1", "/a", "b", "2026-01-02T12:00:00Z", {})


class Inbox(InboxConsumer):
    """A consumer over a file of its own, which it closes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "inbox.db"
        connection = sqlite3.connect(self.path, check_same_thread=False)
        super().__init__(connection, "one", lambda *_: None)

    def close(self) -> None:
        self._db.close()


def is_stored_whole(store: SqliteEventStore) -> None:
    assert writable(store._path)
    assert len(store.read("s")) == store.stream_version("s") == store.head().position


class TestResources(ResourceTests):
    resources = (
        Resource(
            "adapters.sqlite.SqliteEventStore",
            lambda folder: SqliteEventStore(folder / "events.db", busy_timeout_s=0.0),
            use=lambda store: at_once(lambda: store.append("s", [EVENT])),
            free=is_stored_whole,
            elsewhere={"child": FORK},
        ),
        Resource(
            "app.messaging.InboxConsumer",
            Inbox,
            use=lambda one: at_once(lambda: one.handle(MESSAGE)),
            free=lambda one: writable(one.path),
            elsewhere={"child": FORK},
        ),
        Resource(
            "lab.shapes.HexagonalShop.unit_of_work",
            lambda folder: HexagonalShop(folder / "shop.db", 5),
            use=HexagonalShop.unit_of_work,
            free=lambda shop: writable(shop._path),
            elsewhere={
                "thread": "each thread has a connection, and so a transaction, of its own",
                "child": FORK,
            },
        ),
    )
    excepted = {
        "adapters.container.Container.scope": "closes one after the other: an interrupt between two"
        " of them leaves the rest to the garbage",
    }
