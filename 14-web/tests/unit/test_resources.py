"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once, unlocked, writable
from velvet_web import store
from velvet_web.domain import NewTask

FORK = "a connection of SQLite is not carried into a forked child, says its documentation"


def made(folder: Path) -> store.SqliteStore:
    return store.SqliteStore(str(folder / "board.db"), connections=2, busy=0.0)


def has_all(one: store.SqliteStore) -> None:
    assert unlocked(one._returned)
    assert len(one._idle) == 2
    assert writable(one._path)
    assert not any(line.in_transaction for line in one._all)


class TestResources(ResourceTests):
    resources = (
        Resource(
            "store.SqliteStore",
            made,
            use=lambda one: at_once(lambda: one.create(NewTask("title"))),
            free=has_all,
            elsewhere={"child": FORK},
        ),
    )
    excepted = {"servers": "a server in a process; tests/integration"}
