"""One breaker and sixteen threads: no outcome is lost and no probe too many passes."""

from __future__ import annotations

import contextlib
import threading

import pytest

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, Permit, State
from velvet_concurrency.clock import FakeClock

THREADS = 16


def half_open(probes: int) -> CircuitBreaker:
    clock = FakeClock()
    breaker = CircuitBreaker(1.0, 4, min_calls=1, half_open_calls=probes, clock=clock)
    breaker.try_enter().failure()
    clock.advance(30.0)
    return breaker


def test_no_outcome_is_lost_in_a_window_that_is_not_yet_full(together):
    breaker = CircuitBreaker(1.0, THREADS * 200, clock=FakeClock())

    def work() -> None:
        for i in range(100):
            if i % 4:
                breaker.call(int)
            else:
                breaker.try_enter().failure()

    together(work)

    snapshot = breaker.snapshot()
    assert (snapshot.calls, snapshot.failures) == (THREADS * 100, THREADS * 25)


@pytest.mark.parametrize("probes", [1, 3])
def test_exactly_the_allowed_probes_pass_a_half_open_breaker(together, probes):
    breaker = half_open(probes)

    def work() -> Permit | None:
        try:
            return breaker.try_enter()  # kept: one that is dropped is returned
        except CircuitOpen:
            return None

    passed = together(work)

    assert sum(permit is not None for permit in passed) == probes
    assert breaker.snapshot().not_permitted == THREADS - probes


def test_probes_given_back_are_never_given_out_twice_at_once(together):
    breaker, gauge = half_open(2), threading.Semaphore(2)
    too_many = []

    def work() -> None:
        for _ in range(200):
            try:
                permit = breaker.try_enter()
            except CircuitOpen:
                continue
            if gauge.acquire(blocking=False):
                sum(range(50))  # stay inside long enough to be seen by the others
                gauge.release()
            else:
                too_many.append(1)
            permit.ignored()

    together(work)

    assert too_many == []
    assert breaker.state is State.HALF_OPEN


def test_a_breaker_stays_sane_while_it_opens_and_closes_under_load(together):
    edges = []
    breaker = CircuitBreaker(
        0.5, 20, min_calls=5, open_for=0.0, clock=FakeClock(), on_change=lambda *e: edges.append(e)
    )

    def broken() -> None:
        raise ConnectionError

    def work() -> None:
        for i in range(200):
            with contextlib.suppress(ConnectionError, CircuitOpen):
                breaker.call(broken if (i // 20) % 2 else int)

    together(work)

    snapshot, (closed, opened, half) = breaker.snapshot(), State
    assert edges
    assert set(edges) <= {(closed, opened), (opened, half), (half, opened), (half, closed)}
    assert 0 <= snapshot.failures <= snapshot.calls <= 20


def test_the_lock_is_not_held_while_user_code_runs(together):
    breaker = CircuitBreaker()
    inside = threading.Barrier(2)

    together(lambda: breaker.call(inside.wait, 10), 2)  # passes only if both are inside at once

    assert breaker.snapshot().calls == 2
    assert breaker.snapshot().failures == 0


def test_threads_share_a_breaker_block_by_block(together):
    breaker = CircuitBreaker(window=100)

    def block() -> None:
        for _ in range(3):
            with breaker, breaker:
                pass

    together(block)

    assert breaker.snapshot().calls == 6 * THREADS
