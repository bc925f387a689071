"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from velvet.hostile_resources import Resource, ResourceTests, at_once, writable
from velvet_databases import latency, pool
from velvet_databases.domain import generate
from velvet_databases.migrate.alembic_tree import AlembicTree
from velvet_databases.nplusone import hooks
from velvet_databases.stores import address, failures, floor
from velvet_databases.stores.base import TransferHow

PATIENCE = 20.0
INHERITED = "what a child inherits is neither lent nor closed by it; tests/failure/ has a real fork"
HERE = "it is of the context that entered it"
THREAD = "a forked child has no thread that it could end"
FORK = "a connection of SQLite is not carried into a forked child, says its documentation"
AWAY = address.read_address("postgresql://u@127.0.0.1/shop", frozenset({"postgresql"}))


class Line:
    """A connection that counts as open until it is closed."""

    closed = False

    def rollback(self) -> None:
        assert not self.closed

    execute: Callable[..., Any] = lambda self, _: self.rollback()

    def close(self) -> None:
        self.closed = True


class Lent:
    """A pool of one, and every connection that it made."""

    def __init__(self, idle: int, check: pool.Check = "none") -> None:
        self.made: list[Line] = []
        self.pool = pool.Pool(self.connect, idle, 1, check=check)

    def connect(self) -> Line:
        self.made.append(Line())
        return self.made[-1]

    def borrow(self) -> AbstractContextManager[Line]:
        return self.pool.connection(PATIENCE)

    def close(self) -> None:
        self.pool.close()

    def still_lends(self) -> None:
        with self.pool.connection(2.0):
            pass
        stats, opened = self.pool.stats(), [line for line in self.made if not line.closed]
        assert (stats.idle, stats.size, stats.waiting, len(opened)) == (1, 1, 0, 1)

    def all_closed(self) -> bool:
        self.close()  # what is interrupted may be repeated
        return all(line.closed for line in self.made) and not self.pool.stats().size


def lending(idle: int, check: pool.Check = "none") -> Resource:
    return Resource(
        "pool.Pool.connection",
        lambda _: Lent(idle, check),
        use=Lent.borrow,
        free=Lent.still_lends,
        elsewhere={"child": INHERITED},
    )


class Shop:
    """A store of two accounts in a file."""

    def __init__(self, folder: Path) -> None:
        self.path, self.store = folder / "shop.db", floor.RawSqlite()
        self.store.open(f"sqlite:///{self.path.as_posix()}")
        self.store.create_schema()
        self.store.insert_reference(generate(2))
        self.cents = self.total()

    def total(self) -> int:
        return self.store.balance(1) + self.store.balance(2)

    def move(self) -> AbstractContextManager[None]:
        return at_once(lambda: self.store.transfer(1, 2, 1, TransferHow.ATOMIC))

    def is_whole(self) -> bool:
        return writable(self.path) and self.total() == self.cents

    def close(self) -> None:
        self.store.close()


def no_proxy_runs(one: latency.LatencyProxy) -> bool:
    return not one._thread.is_alive()


def a_tree(folder: Path) -> AlembicTree:
    return AlembicTree(sa.create_engine(f"sqlite:///{folder / 'shop.db'}", poolclass=sa.NullPool))


def goes_on(tree: AlembicTree) -> bool:
    """Whether the next upgrade comes to the end, whatever the last one had done."""
    tree.upgrade()
    tree.check()
    return True


class TestResources(ResourceTests):
    resources = (
        Resource(
            "migrate.alembic_tree.AlembicTree.upgrade",
            a_tree,
            use=lambda tree: at_once(tree.upgrade),
            free=goes_on,
            steps=12,
        ),
        lending(0),
        lending(1),
        lending(1, "checkout"),
        Resource(
            "pool.Pool",
            lambda _: Lent(1),
            use=lambda lent: lent.pool,
            free=Lent.all_closed,
            elsewhere={"child": INHERITED},
        ),
        Resource(
            "latency.LatencyProxy",
            lambda _: latency.LatencyProxy("127.0.0.1:9", 1.0),
            free=no_proxy_runs,
            elsewhere={"child": THREAD},
            steps=60,
        ),
        Resource(
            "nplusone.hooks.announced",
            lambda _: None,
            use=lambda _: hooks.announced("load"),
            free=lambda _: hooks._announced.get() is None,
            elsewhere={"thread": HERE},
        ),
        Resource(
            "stores.failures.translated",
            lambda _: None,
            use=lambda _: failures.translated("sqlite"),
            free=lambda _: True,
        ),
        Resource(
            "stores.failures.connecting",
            lambda _: None,
            use=lambda _: failures.connecting(AWAY),
            free=lambda _: True,
        ),
        Resource(
            "stores.floor.RawSqlite.transfer",
            Shop,
            use=Shop.move,
            free=Shop.is_whole,
            elsewhere={"child": FORK, "thread": "a connection of SQLite is its thread's"},
            steps=60,
        ),
    )
    excepted = {
        "nplusone.Detector": "patches three mappers; tests/unit/test_nplusone_*.py leave it by errors",
        "pool_adapters": "the pools of libraries on a server; tests/integration/test_pool_adapters.py",
        "services.fresh_database": "a database of a server; tests/failure",
        "sqlcapture.Capture": "patches drivers; tests/unit/test_sqlcapture_scopes.py leaves it by errors",
        "stores.SyncStore.capture": "a capture of a store on a server; tests/integration",
    }
