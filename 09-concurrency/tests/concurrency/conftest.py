"""Sixteen threads that start together, and a switch interval that lets every race happen."""

from __future__ import annotations

import faulthandler
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

PATIENCE = 30.0  # seconds after which a deadlock is reported with every thread's stack


@pytest.fixture(autouse=True)
def hectic_switching() -> Iterator[None]:
    """Switch threads a thousand times more often, and print all stacks if they stop for good."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    faulthandler.dump_traceback_later(PATIENCE, exit=False)
    yield
    faulthandler.cancel_dump_traceback_later()
    sys.setswitchinterval(before)


@pytest.fixture
def together() -> Callable[..., list[Any]]:
    """Return a function that runs `work` in many threads at once and returns all results."""

    def run(work: Callable[[], Any], threads: int = 16) -> list[Any]:
        barrier = threading.Barrier(threads)
        with ThreadPoolExecutor(threads) as pool:
            jobs = [
                pool.submit(lambda: (barrier.wait(PATIENCE), work())[1]) for _ in range(threads)
            ]
            return [job.result(PATIENCE) for job in jobs]

    return run
