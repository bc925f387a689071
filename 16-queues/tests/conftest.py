"""What the tests of this module share: a clock that is moved by hand, queues on every store."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from velvet.services import Server
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.ledger import Ledger
from velvet_queues.sqlstore import SqlStore


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """A store of each kind; a schema of the test's own in the server that the run shares."""
    if request.param == "sqlite":
        made = SqlStore(f"sqlite:///{tmp_path}/queue.db")
        yield made
        made.close()
        return
    server: Server = request.getfixturevalue("postgres_server")
    schema = f"t{uuid.uuid4().hex[:10]}"
    sign = "&" if "?" in server.url else "?"
    made = SqlStore(f"{server.url}{sign}options=-csearch_path%3D{schema}")
    with made.transaction() as tx:
        tx.run(f"CREATE SCHEMA {schema}")
    yield made
    with made.transaction() as tx:
        tx.run(f"DROP SCHEMA {schema} CASCADE")
    made.close()


@pytest.fixture
def queue(store: SqlStore, clock: Clock) -> LeaseQueue:
    """A queue on each store, whose clock is moved by hand."""
    return LeaseQueue(store, "work", clock=clock)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path) as made:
        yield made


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true, however slow the machine is."""
    import time

    def wait(check: Callable[[], object], seconds: float = 120.0) -> None:
        deadline = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < deadline, "it never became true"
            time.sleep(0.01)

    return wait
