"""The teaching pool when it closes, when waiting is interrupted, and under many threads."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from velvet_databases import pool_slots
from velvet_databases.pool import Pool
from velvet_databases.pool_types import PoolClosed, Waiter

PATIENCE = 20.0


def test_a_closed_pool_refuses_and_closes_what_comes_back(server: Any) -> None:
    pool = Pool(server, min_size=2)
    line = pool.checkout()

    pool.close()
    pool.close()

    with pytest.raises(PoolClosed):
        pool.checkout()
    assert not line.closed
    pool.checkin(line)
    assert server.open == []
    assert pool.stats().size == 0


def test_closing_wakes_those_who_wait(server: Any, until: Any) -> None:
    pool = Pool(server, max_size=1)
    line = pool.checkout()
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(pool.checkout, PATIENCE) for _ in range(2)]
        until(lambda: pool.stats().waiting == 2)

        pool.close()

        assert all(isinstance(one.exception(PATIENCE), PoolClosed) for one in waiting)
    pool.checkin(line)
    assert server.open == []


def test_one_who_waits_connects_when_the_connection_comes_back_broken(
    server: Any, until: Any
) -> None:
    with Pool(server, max_size=1) as pool, ThreadPoolExecutor(1) as threads:
        line = pool.checkout()
        waiting = threads.submit(pool.checkout, PATIENCE)
        until(lambda: pool.stats().waiting == 1)
        line.dead = True

        pool.checkin(line)

        fresh = waiting.result(PATIENCE)
        assert fresh.number == 1
        pool.checkin(fresh)


@pytest.mark.parametrize("broken", [False, True])
def test_what_an_interrupted_waiter_was_given_goes_to_the_next(
    server: Any, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """The interrupt arrives in the moment between being served and leaving the line."""
    with Pool(server, max_size=1) as pool:
        line = pool.checkout()

        class Interrupted(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                line.dead = broken
                pool.checkin(line)
                raise KeyboardInterrupt

        monkeypatch.setattr(pool_slots, "Waiter", lambda: Waiter(Interrupted()))
        with pytest.raises(KeyboardInterrupt):
            pool.checkout()
        monkeypatch.undo()

        assert pool.stats().idle == pool.stats().size == (0 if broken else 1)
        with pool.connection(0) as lent:
            assert (lent is line) is not broken


def test_an_interrupted_waiter_leaves_the_line(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    with Pool(server, max_size=1) as pool, pool.connection():
        monkeypatch.setattr(pool_slots, "Waiter", lambda: Waiter(Interrupted()))
        with pytest.raises(KeyboardInterrupt):
            pool.checkout()
        monkeypatch.undo()

        assert pool.stats().waiting == 0


def test_a_closed_pool_takes_back_what_an_interrupted_waiter_was_given(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(server, max_size=1)
    line = pool.checkout()

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pool.checkin(line)
            pool.close()
            raise KeyboardInterrupt

    monkeypatch.setattr(pool_slots, "Waiter", lambda: Waiter(Interrupted()))
    with pytest.raises(KeyboardInterrupt):
        pool.checkout()
    monkeypatch.undo()

    assert line.closed
    assert pool.stats().size == 0


def test_many_threads_never_share_a_connection_and_never_exceed_the_size(server: Any) -> None:
    owners: dict[int, int] = {}
    worst = [0]
    guard = threading.Lock()

    def work(seed: int) -> int:
        rng, clashes = random.Random(seed), 0
        for _ in range(60):
            with pool.connection(PATIENCE) as line:
                with guard:
                    clashes += line.number in owners
                    owners[line.number] = seed
                    worst[0] = max(worst[0], len(owners))
                line.dead = rng.random() < 0.1
                with guard:
                    del owners[line.number]
        return clashes

    with Pool(server, max_size=3) as pool, ThreadPoolExecutor(8) as threads:
        clashes = sum(threads.map(work, range(8)))
        stats = pool.stats()

    assert clashes == 0
    assert worst[0] <= 3
    assert stats.idle == stats.size <= 3
    assert stats.waiting == stats.timeouts == 0
    assert server.open == []
