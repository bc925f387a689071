"""Threads: the hot loop runs in a second thread, while the first one does a little and waits."""

from __future__ import annotations

import threading

HOT = "digest"
WHERE = "thread"
MEASURE = "cpu"
SIZE = 2_400_000
STUBS = {"digest": lambda _turns: 0, "report": lambda _turns: 0}


def build(size: int, seed: int) -> int:
    """Return the turns of the hot loop."""
    return size + seed % 2


def digest(turns: int) -> int:
    """Fold numbers into a checksum."""
    total = 1
    for number in range(turns):
        total = (total * 31 + number) % 1_000_003
    return total


def report(turns: int) -> int:
    """Add up a fifth as many numbers."""
    total = 0
    for number in range(turns // 5):
        total += number % 5
    return total


def run(turns: int) -> tuple[int, int]:
    """Return the results of both, the first one computed by a thread."""
    results: list[int] = []
    worker = threading.Thread(target=lambda: results.append(digest(turns)))
    worker.start()
    own = report(turns)
    worker.join()
    return results[0], own
