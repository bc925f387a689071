"""What live writers feel while a table is changed.

A migration of ten seconds that stays unnoticed is better than one of half a second in which every
request fails. So a writer keeps inserting on a connection of its own, and each insert is timed.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg


@dataclass(frozen=True)
class StallResult:
    """What a writer saw during one action.

    Attributes:
        action_s: how long the action took, in seconds.
        max_stall_ms: the longest that one write took, waiting included; `p50_ms` the median one.
        writes: how many were committed.
        errors: how many failed.
        began_s: when the action began, in seconds since the writer did.
        log: of each write, when it was sent on that clock and the seconds that it took.
    """

    action_s: float
    max_stall_ms: float
    p50_ms: float
    writes: int
    errors: int
    began_s: float = 0.0
    log: tuple[tuple[float, float], ...] = ()


def stall(
    url: str,
    action: Callable[[], object],
    *,
    write: str,
    every: float = 0.002,
    calm: float = 0.0,
) -> StallResult:
    """Run an action while a writer runs one statement after another, and say what it felt.

    Args:
        url: of the database, for the writer's own connection.
        write: the writer's statement.
        every: seconds between two writes.
        calm: seconds of writing before and after the action.

    Raises:
        psycopg.OperationalError: the writer cannot connect.
        Exception: whatever the action raises; the writer is stopped first.
    """
    log: list[tuple[float, float]] = []
    failed: list[psycopg.Error] = []
    ready, stop, start = threading.Event(), threading.Event(), time.perf_counter()

    def keep_writing() -> None:
        while not stop.wait(every):
            sent = time.perf_counter()
            try:
                connection.execute(write.encode())
            except psycopg.Error as error:
                failed.append(error)
            else:
                log.append((sent - start, time.perf_counter() - sent))
            ready.set()

    with psycopg.connect(url, autocommit=True) as connection:
        thread = threading.Thread(target=keep_writing, name="stall-writer")
        thread.start()
        try:
            ready.wait()
            time.sleep(calm)
            began = time.perf_counter()
            action()
            action_s = time.perf_counter() - began
            time.sleep(calm)
        finally:
            stop.set()
            thread.join()
    took = [seconds * 1e3 for _, seconds in log] or [0.0]
    p50_ms, counts = statistics.median(took), (len(log), len(failed))
    return StallResult(action_s, max(took), p50_ms, *counts, began - start, tuple(log))
