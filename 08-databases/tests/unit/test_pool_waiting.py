"""The teaching pool when it closes, when waiting is interrupted, and under many threads."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from velvet_databases import pool as pool_module
from velvet_databases import pool_slots
from velvet_databases.pool import Pool, PoolClosed, PoolTimeout
from velvet_databases.pool_slots import Waiter

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


def checkout_interrupted(
    pool: Pool[Any], monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object] = int
) -> None:
    """Ask for a connection, and be interrupted in line after something else has happened."""

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            meanwhile()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pool_module, "Waiter", lambda: Waiter(Interrupted()))
        with pytest.raises(KeyboardInterrupt):
            pool.checkout()


@pytest.mark.parametrize("broken", [False, True])
def test_what_an_interrupted_waiter_was_given_goes_to_the_next(
    server: Any, until: Any, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """The interrupt arrives in the moment between being served and leaving the line."""
    with Pool(server, max_size=1) as pool:
        line = pool.checkout()

        def give_back() -> None:
            line.dead = broken
            pool.checkin(line)

        checkout_interrupted(pool, monkeypatch, give_back)

        until(lambda: pool.stats().idle == pool.stats().size == 1)
        with pool.connection(0) as lent:
            assert (lent is line) is not broken


def test_an_interrupted_waiter_leaves_the_line(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Pool(server, max_size=1) as pool, pool.connection():
        checkout_interrupted(pool, monkeypatch)

        assert pool.stats().waiting == 0


def test_a_closed_pool_takes_back_what_an_interrupted_waiter_was_given(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(server, max_size=1)
    line = pool.checkout()

    def give_back_and_close() -> None:
        pool.checkin(line)
        pool.close()

    checkout_interrupted(pool, monkeypatch, give_back_and_close)

    assert line.closed
    assert pool.stats().size == 0


@pytest.mark.parametrize("reading", range(1, 7))
def test_an_interrupt_at_any_reading_of_the_clock_costs_no_slot(server: Any, reading: int) -> None:
    left = [0]

    def clock() -> float:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return 0.0

    with Pool(server, min_size=1, max_size=1, clock=clock, timeout=PATIENCE) as pool:
        left[0] = reading
        with suppress(KeyboardInterrupt):
            pool.checkin(pool.checkout())
        left[0] = 0

        with pool.connection():
            assert pool.stats().size == 1


def test_a_slow_connect_costs_a_caller_no_more_than_its_timeout(server: Any, until: Any) -> None:
    go_on = threading.Event()

    def slow() -> Any:
        go_on.wait(PATIENCE)
        return server()

    with Pool(slow, max_size=1, timeout=0.05) as pool:
        try:
            with pytest.raises(PoolTimeout, match="0 of 1 in use") as caught:
                pool.checkout()
        finally:
            go_on.set()

        assert caught.value.waited < PATIENCE / 2
        until(lambda: pool.stats().idle == 1)  # the next caller has it
        with pool.connection():
            assert len(server.made) == 1


def test_a_connect_that_ends_after_the_pool_is_closed_leaves_nothing(
    server: Any, until: Any
) -> None:
    go_on = threading.Event()

    def slow() -> Any:
        go_on.wait(PATIENCE)
        return server()

    pool = Pool(slow, max_size=1)
    with pytest.raises(PoolTimeout):
        pool.checkout(0)
    closing = threading.Thread(target=pool.close)
    closing.start()
    until(lambda: pool._slots._closed)
    go_on.set()
    closing.join(PATIENCE)

    until(lambda: pool.stats().size == 0)
    assert server.open == []


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


def test_what_a_forked_process_inherits_is_neither_lent_nor_closed(server: Any) -> None:
    with Pool(server, min_size=2, max_size=2) as pool:
        with pool.connection() as lent:
            pool_slots._forget_all()  # as after a fork; tests/failure/ has a real one

        with pytest.raises(ValueError, match="not lent by this pool"):
            pool.checkin(lent)
        assert pool.stats().size == 0
        with pool.connection() as own:
            assert own is server.made[2]
    assert server.open == server.made[:2]
