"""Shedder, adaptive limit and budget under sixteen threads and an eager switch interval."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from velvet_concurrency.pressure import AdaptiveLimit, LoadShedder
from velvet_concurrency.resilience import HedgeBudget

THREADS = 16


@pytest.fixture(autouse=True)
def eager_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: Callable[[], None]) -> None:
    barrier = threading.Barrier(THREADS)

    def run() -> None:
        barrier.wait(timeout=10)
        work()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("limiter", [LoadShedder(5), AdaptiveLimit(5)])
def test_no_more_than_the_bound_are_admitted_when_nobody_leaves(limiter):
    def work() -> None:
        for _ in range(50):
            limiter.try_acquire()

    together(work)

    stats = limiter.stats
    assert (stats.inflight, stats.peak, stats.admitted) == (5, 5, 5)
    assert stats.refused == THREADS * 50 - 5


def test_a_shedder_keeps_its_bound_and_its_count_while_threads_come_and_go():
    shedder = LoadShedder(3)

    def work() -> None:
        for _ in range(200):
            if shedder.try_acquire():
                shedder.release()

    together(work)

    stats = shedder.stats
    assert stats.inflight == 0
    assert stats.peak <= 3
    assert stats.admitted + stats.refused == THREADS * 200


def test_a_budget_pays_exactly_what_it_holds():
    budget = HedgeBudget(ratio=0.0, burst=100)
    paid = []

    def work() -> None:
        paid.extend(budget.try_spend() for _ in range(50))

    together(work)

    assert sum(paid) == budget.spent == 100
    assert budget.refused == THREADS * 50 - 100
