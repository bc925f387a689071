"""One breaker, sixteen threads, and a switch interval that lets every race happen."""

from __future__ import annotations

import contextlib
import faulthandler
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
from velvet_concurrency.clock import FakeClock

THREADS = 16


@pytest.fixture(autouse=True)
def eager_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    faulthandler.dump_traceback_later(60, exit=False)
    yield
    faulthandler.cancel_dump_traceback_later()
    sys.setswitchinterval(before)


def together(work: Callable[[int], None]) -> None:
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        barrier.wait(timeout=10)
        work(number)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)


def test_no_outcome_is_lost_in_a_window_that_is_not_yet_full():
    breaker = CircuitBreaker(1.0, THREADS * 200, clock=FakeClock())

    def work(number: int) -> None:
        for i in range(100):
            if i % 4:
                breaker.call(int)
            else:
                breaker.try_enter().failure()

    together(work)

    snapshot = breaker.snapshot()
    assert (snapshot.calls, snapshot.failures) == (THREADS * 100, THREADS * 25)


@pytest.mark.parametrize("probes", [1, 3])
def test_exactly_the_allowed_probes_pass_a_half_open_breaker(probes):
    clock = FakeClock()
    breaker = CircuitBreaker(1.0, 4, min_calls=1, half_open_calls=probes, clock=clock)
    breaker.try_enter().failure()
    clock.advance(30.0)
    permits = []
    refused = []

    def work(number: int) -> None:
        try:
            permits.append(breaker.try_enter())
        except CircuitOpen:
            refused.append(number)

    together(work)

    assert len(permits) == probes
    assert len(refused) == breaker.snapshot().not_permitted == THREADS - probes


def test_probes_given_back_are_never_given_out_twice_at_once():
    clock = FakeClock()
    breaker = CircuitBreaker(1.0, 4, min_calls=1, half_open_calls=2, clock=clock)
    breaker.try_enter().failure()
    clock.advance(30.0)
    gauge = threading.Semaphore(2)
    too_many = []

    def work(number: int) -> None:
        for _ in range(200):
            try:
                permit = breaker.try_enter()
            except CircuitOpen:
                continue
            if gauge.acquire(blocking=False):
                sum(range(50))  # stay inside long enough to be seen by the others
                gauge.release()
            else:
                too_many.append(number)
            permit.ignored()

    together(work)

    assert too_many == []
    assert breaker.state is State.HALF_OPEN


def test_a_breaker_stays_sane_while_it_opens_and_closes_under_load():
    clock = FakeClock()
    edges = []
    breaker = CircuitBreaker(
        0.5, 20, min_calls=5, open_for=0.0, clock=clock, on_change=lambda *e: edges.append(e)
    )

    def broken() -> None:
        raise ConnectionError

    def work(number: int) -> None:
        for i in range(200):
            with contextlib.suppress(ConnectionError, CircuitOpen):
                breaker.call(broken if (i // 20) % 2 else int)

    together(work)

    snapshot = breaker.snapshot()
    legal = {
        (State.CLOSED, State.OPEN),
        (State.OPEN, State.HALF_OPEN),
        (State.HALF_OPEN, State.OPEN),
        (State.HALF_OPEN, State.CLOSED),
    }
    assert set(edges) <= legal
    assert edges
    assert 0 <= snapshot.failures <= snapshot.calls <= 20


def test_the_lock_is_not_held_while_user_code_runs():
    breaker = CircuitBreaker()
    inside = threading.Barrier(2)

    def meet() -> None:
        inside.wait(timeout=10)  # passes only if both calls are in progress at once

    threads = [threading.Thread(target=breaker.call, args=(meet,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert breaker.snapshot().calls == 2
    assert breaker.snapshot().failures == 0
