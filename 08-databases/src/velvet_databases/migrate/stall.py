"""What live writers feel while a table is changed: the longest wait, not the length of the change.

A migration of ten seconds that stays unnoticed is better than one of half a second in which every
request fails. So a writer keeps inserting on a connection of its own, and each insert is timed
from the moment at which it was due.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg


@dataclass(frozen=True)
class StallResult:
    """What a writer saw during one action.

    Attributes:
        action_s: how long the action took, in seconds.
        max_stall_ms: the longest that one write took, waiting included.
        p50_ms: the median write.
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


@dataclass
class _Writer:
    statement: str
    every: float
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self.log: list[tuple[float, float]] = []
        self.errors = 0
        self.began = self.clock()
        self.ready, self.stop = threading.Event(), threading.Event()

    def run(self, connection: psycopg.Connection[Any]) -> None:
        while not self.stop.wait(self.every):
            began = self.clock()
            try:
                connection.execute(self.statement.encode())
            except psycopg.Error:
                self.errors += 1
            else:
                self.log.append((began - self.began, self.clock() - began))
            self.ready.set()


def stall(
    url: str,
    action: Callable[[], object],
    *,
    write: str,
    every: float = 0.002,
    calm: float = 0.0,
    clock: Callable[[], float] = time.perf_counter,
) -> StallResult:
    """Run an action while a writer runs one statement after another, and say what it felt.

    Args:
        url: of the database, for the writer's own connection.
        action: the change.
        write: the writer's statement.
        every: seconds between two writes.
        calm: seconds of writing before and after the change.
        clock: in seconds.

    Raises:
        psycopg.OperationalError: the writer cannot connect.
        Exception: whatever the action raises; the writer is stopped first.
    """
    writer = _Writer(write, every, clock)
    with psycopg.connect(url, autocommit=True) as connection:
        thread = threading.Thread(target=writer.run, args=(connection,), name="stall-writer")
        thread.start()
        try:
            writer.ready.wait()
            time.sleep(calm)
            began = clock()
            action()
            action_s = clock() - began
            time.sleep(calm)
        finally:
            writer.stop.set()
            thread.join()
    took = [seconds for _, seconds in writer.log] or [0.0]
    return StallResult(
        action_s,
        max(took) * 1e3,
        statistics.median(took) * 1e3,
        len(writer.log),
        writer.errors,
        began - writer.began,
        tuple(writer.log),
    )
