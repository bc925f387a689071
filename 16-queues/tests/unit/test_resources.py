"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from velvet.hostile_resources import Resource, ResourceTests, at_once, unlocked, writable
from velvet_queues.envelope import Envelope
from velvet_queues.errors import InProgress
from velvet_queues.idempotency import SqlKeys, once
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.sqlstore import SqlStore

FORK = "a connection of SQLite is not carried into a forked child, says its documentation"
THREAD = "the block is left in the thread that entered it, as its docstring says"


class Store(SqlStore):
    """A store that knows its file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "queue.db"
        super().__init__(f"sqlite:///{self.path}")

    def is_free(self) -> bool:
        return unlocked(self._lock) and writable(self.path)


def a_queue(folder: Path) -> LeaseQueue:
    made = LeaseQueue(Store(folder), clock=lambda: 1000.0)
    made.put(Envelope("noop", id="a"))
    return made


def works(queue: LeaseQueue) -> Callable[[], object]:
    return lambda: queue.ack(queue.heartbeat(queue.lease("worker", visibility_s=60)[0]))


def is_leased_at_most(queue: LeaseQueue) -> None:
    """A worker that dies leaves a lease, which runs out; nothing is lost and nothing else held."""
    assert isinstance(queue.store, Store)
    assert queue.store.is_free()
    assert queue.stats().depth + queue.stats().dead <= 1
    queue.clock = lambda: 2000.0  # the lease has run out
    assert [one.id for one in queue.lease("another")] in ([], ["a"])


class Keys(SqlKeys):
    """Keys in a file, and how often the effect was made."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Store(folder), clock=lambda: 1000.0)
        self.made = 0

    def effect(self) -> int:
        self.made += 1
        return 1

    def close(self) -> None:
        self.store.close()


def is_unclaimed(keys: Keys) -> None:
    """What was made before the interrupt is made again when the lease has run out, not before."""
    assert isinstance(keys.store, Store)
    assert keys.store.is_free()
    if keys.made:
        keys.clock = lambda: 2000.0
    once(keys, "key", keys.effect)


class TestResources(ResourceTests):
    resources = (
        Resource(
            "sqlstore.SqlStore.transaction",
            Store,
            use=SqlStore.transaction,
            free=Store.is_free,
            elsewhere={"thread": THREAD, "child": FORK},
        ),
        Resource(
            "leasequeue.LeaseQueue",
            a_queue,
            use=lambda queue: at_once(works(queue)),
            free=is_leased_at_most,
            elsewhere={"child": FORK},
            steps=120,
        ),
        Resource(
            "idempotency.once",
            Keys,
            use=lambda keys: at_once(lambda: once(keys, "key", keys.effect)),
            free=is_unclaimed,
            elsewhere={"child": FORK},
            steps=120,
        ),
    )
    excepted = {
        "brokers": "servers of their own; tests/integration",
        "chaos": "a worker in a process; tests/integration/test_attacks.py",
        "fleet": "workers in processes; tests/integration/test_attacks.py",
        "ledger.Ledger": "a file that each process opens and closes; tests/unit/test_ledger.py",
        "metrics": "a server in a thread; tests/unit/test_worker.py",
        "proxy": "a proxy in threads; tests/integration/test_attacks.py",
    }


def test_a_key_whose_caller_is_at_it_is_held(tmp_path: Path) -> None:
    keys = Keys(tmp_path)

    def inner() -> int:
        with pytest.raises(InProgress):
            is_unclaimed(keys)
        return 1

    once(keys, "key", inner)
    keys.close()
