"""The teaching pool: who gets what, when it is refused, and what is closed."""

from __future__ import annotations

import math
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from velvet_databases.pool import LIFETIME_JITTER, Pool, PoolStats, PoolTimeout, ping

PATIENCE = 20.0


def test_the_connection_given_back_last_is_lent_first(server: Any) -> None:
    with Pool(server, max_size=3) as pool:
        first, second, third = (pool.checkout() for _ in range(3))
        for line in (second, third, first):
            pool.checkin(line)

        assert [pool.checkout() for _ in range(3)] == [first, third, second]
        for line in (first, second, third):
            pool.checkin(line)


def test_a_connection_is_reset_when_it_comes_back(server: Any) -> None:
    with Pool(server) as pool:
        with suppress(ZeroDivisionError), pool.connection() as line:
            line.failed_transaction = True
            raise ZeroDivisionError

        with pool.connection() as again:
            assert again is line
            assert not again.failed_transaction


def test_one_that_cannot_be_reset_is_closed_and_replaced(server: Any) -> None:
    with Pool(server) as pool:
        with pool.connection() as line:
            line.dead = True

        with pool.connection() as fresh:
            assert fresh is not line
        assert line.closed
        assert pool.stats().discarded == 1


def test_an_interrupt_during_the_reset_closes_the_connection_too(server: Any) -> None:
    def interrupted(_line: Any) -> None:
        raise KeyboardInterrupt

    with Pool(server, reset=interrupted) as pool:
        line = pool.checkout()
        with pytest.raises(KeyboardInterrupt):
            pool.checkin(line)

        assert line.closed
        assert pool.stats().size == 0


def test_a_pool_of_one_refuses_its_own_borrower_instead_of_hanging(server: Any) -> None:
    with Pool(server, max_size=1, timeout=0.01) as pool, pool.connection():
        with pytest.raises(PoolTimeout, match=r"1 of 1 in use, 1 in use by this thread") as caught:
            pool.checkout()

        assert (caught.value.size, caught.value.in_use, caught.value.by_this_thread) == (1, 1, 1)
        assert caught.value.waited >= 0.01
        assert pool.stats().timeouts == 1


def test_a_refusal_does_not_blame_a_thread_that_has_nothing(server: Any) -> None:
    with Pool(server, max_size=1) as pool, pool.connection(), ThreadPoolExecutor(1) as other:
        refused = other.submit(pool.checkout, 0.0).exception(PATIENCE)

        assert isinstance(refused, PoolTimeout)
        assert refused.by_this_thread == 0
        assert "this thread" not in str(refused)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"max_size": 0}, "max_size"),
        ({"max_size": 2.5}, "max_size"),
        ({"max_size": True}, "max_size"),
        ({"min_size": -1}, "min_size"),
        ({"min_size": 3, "max_size": 2}, "min_size 3 is more than max_size 2"),
        ({"timeout": -0.1}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"max_lifetime": -1}, "max_lifetime"),
        ({"max_idle": -1}, "max_idle"),
        ({"check": "sometimes"}, "check must be one of none, checkout"),
    ],
)
def test_an_impossible_argument_is_named(
    server: Any, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        Pool(server, **arguments)

    assert server.made == []


def test_a_negative_timeout_of_one_call_is_refused(server: Any) -> None:
    with Pool(server) as pool, pytest.raises(ValueError, match="timeout"):
        pool.checkout(-1)


def test_what_was_not_lent_is_not_taken_back(server: Any) -> None:
    with Pool(server) as pool:
        line = pool.checkout()
        pool.checkin(line)

        with pytest.raises(ValueError, match="returned twice"):
            pool.checkin(line)
        with pytest.raises(ValueError, match="not lent by this pool"):
            pool.checkin(type(server())(99))
        assert pool.stats().idle == 1


def test_the_least_is_connected_at_once(server: Any) -> None:
    with Pool(server, min_size=2) as pool:
        assert len(server.open) == 2
        assert pool.stats() == PoolStats(2, 2, 0, 0, 0.0, 0, 0)


def test_a_server_that_is_away_is_noticed_at_once_and_nothing_is_left(server: Any) -> None:
    calls = iter((False, True))

    def connect() -> Any:
        server.refuses = next(calls)
        return server()

    with pytest.raises(ConnectionRefusedError):
        Pool(connect, min_size=2)

    assert len(server.made) == 1
    assert server.open == []


def test_a_failed_connect_gives_its_slot_back(server: Any) -> None:
    with Pool(server, max_size=1) as pool:
        server.refuses = True
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                pool.checkout(PATIENCE)

        server.refuses = False
        with pool.connection():
            assert pool.stats().size == 1


def test_a_dead_connection_is_lent_without_a_check(server: Any) -> None:
    with Pool(server) as pool:
        with pool.connection() as line:
            pass
        line.dead = True

        with pool.connection() as lent:
            assert lent is line


def test_a_dead_connection_is_replaced_by_the_check(server: Any) -> None:
    with Pool(server, check="checkout") as pool:
        with pool.connection() as line:
            pass
        line.dead = True

        with pool.connection() as lent:
            assert lent is not line
            assert not lent.dead
        assert (pool.stats().discarded, pool.stats().waits) == (1, 1), "its place is kept"


def test_an_interrupted_check_gives_its_slot_back(server: Any) -> None:
    def interrupted(_line: Any) -> None:
        raise KeyboardInterrupt

    with Pool(server, max_size=1, check="checkout", ping=interrupted) as pool:
        with pool.connection() as line:
            pass
        with pytest.raises(KeyboardInterrupt):
            pool.checkout()

        assert line.closed
        assert pool.stats().size == 0


def test_an_old_connection_is_replaced_when_it_would_be_lent(server: Any, clock: Any) -> None:
    with Pool(server, max_lifetime=100, max_idle=1e9, clock=clock) as pool:
        with pool.connection() as line:
            pass
        clock.now += 100 * (1 + LIFETIME_JITTER)

        with pool.connection() as fresh:
            assert fresh is not line
        assert line.closed


def test_an_old_connection_is_closed_when_it_comes_back(server: Any, clock: Any) -> None:
    with Pool(server, max_lifetime=100, clock=clock) as pool:
        with pool.connection() as line:
            clock.now += 111

        assert line.closed
        assert pool.stats().size == 0


def test_lifetimes_differ_by_a_tenth_and_no_more(server: Any, clock: Any) -> None:
    with Pool(
        server, 20, 20, max_lifetime=100, max_idle=1e9, clock=clock, rng=random.Random(3)
    ) as pool:
        sizes = []
        for now in (1089.9, 1100.0, 1110.1):
            clock.now = now
            lines = [pool.checkout() for _ in range(20)]
            sizes.append(sum(line.number < 20 for line in lines))
            for line in lines:
                pool.checkin(line)

    assert sizes[0] == 20
    assert 0 < sizes[1] < 20
    assert sizes[2] == 0


def test_unused_surplus_is_closed_down_to_the_least(server: Any, clock: Any) -> None:
    with Pool(server, min_size=1, max_size=4, max_idle=60, clock=clock) as pool:
        for line in [pool.checkout() for _ in range(4)]:
            pool.checkin(line)
        clock.now += 60

        with pool.connection():
            pass

        assert pool.stats().size == pool.stats().idle == 1


def test_the_one_in_use_keeps_the_rest_from_being_forgotten(server: Any, clock: Any) -> None:
    with Pool(server, max_size=3, max_idle=60, clock=clock) as pool:
        for line in [pool.checkout() for _ in range(3)]:
            pool.checkin(line)
        for _ in range(3):
            clock.now += 30
            with pool.connection() as busy:
                pass

        assert server.open == [busy]


def borrow_and_forget(pool: Pool[Any]) -> Any:
    return pool.checkout()


def test_a_leak_is_reported_with_the_place_where_it_was_taken(server: Any, clock: Any) -> None:
    with Pool(server, clock=clock) as pool:
        line = borrow_and_forget(pool)
        clock.now += 5
        with pool.connection() as other:
            clock.now += 1

            assert [leak.age_s for leak in pool.leaks(0.5)] == [6, 1]
            (leak,) = pool.leaks(older_than_s=5)
            frame = leak.stack[-1]
            assert (frame.filename, frame.name) == (__file__, "borrow_and_forget")
            assert leak.stack[-1].line == "return pool.checkout()"
            assert leak.thread == threading.current_thread().name
            assert pool.leaks(0.5)[1].stack[-1].name == leak.stack[-2].name
            assert other is not line
        pool.checkin(line)
        assert pool.leaks(0) == []


def test_a_ping_leaves_no_transaction_behind(server: Any) -> None:
    line = server()

    ping(line)

    assert (line.pings, line.rollbacks) == (1, 1)


def test_patience_without_an_end_is_a_timeout_too(server: Any, until: Any) -> None:
    with Pool(server, max_size=1, timeout=math.inf) as pool, ThreadPoolExecutor(1) as threads:
        with pool.connection() as line:
            waiting = threads.submit(pool.checkout)
            until(lambda: pool.stats().waiting == 1)

        assert waiting.result(PATIENCE) is line
        pool.checkin(line)
