"""Shedder, adaptive limit and budget under sixteen threads and an eager switch interval."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

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


def test_a_budget_pays_exactly_what_it_holds():
    budget = HedgeBudget(ratio=0.0, burst=100)
    paid = []

    def work() -> None:
        paid.extend(budget.try_spend() for _ in range(50))

    together(work)

    assert sum(paid) == budget.spent == 100
    assert budget.refused == THREADS * 50 - 100
