"""The record of a trace and the ring that keeps the newest of them.

Recording must not disturb what is recorded: a row is one tuple stored into a slot of a list made
beforehand, with no lock, so that it may also happen in a garbage collection that interrupts
another recording in the same thread. A full ring overwrites its oldest rows and says how many.
"""

from __future__ import annotations

import itertools
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["run", "wait", "queue", "block", "gc"]
Row: TypeAlias = tuple[str, str, Kind, int, int, str, str, int, int]


class Span(NamedTuple):
    """Who did what from when to when.

    Attributes:
        lane: the row of a timeline: a thread or process for work, the task itself for its waits.
        name: what was done: the coroutine, the function, the label of a block.
        kind: `run` (computing), `wait` (for an event), `queue` (ready, but nobody was free),
            `block` (a blocking call, or a thread that did not get the GIL), `gc`.
        t0_ns: start by `time.perf_counter_ns`, one clock for all processes of a machine.
        t1_ns: end by the same clock.
        task: the asyncio task or the job, empty outside of one.
        parent: the task or thread that created it, empty where unknown.
        pid: process id.
        tid: native thread id.
    """

    lane: str
    name: str
    kind: Kind
    t0_ns: int
    t1_ns: int
    task: str = ""
    parent: str = ""
    pid: int = 0
    tid: int = 0


class Ring:
    """The newest `capacity` rows, in O(1) each, without a lock.

    Writers in several threads never lose a row to one another under the GIL. Readers may run
    beside them.

    Args:
        capacity: rows kept, at least 1; memory is taken as they come, about 200 bytes a row.

    Raises:
        ValueError: `capacity` is not positive.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be >= 1, got {capacity!r}")
        self._capacity = capacity
        self._slots: list[tuple[int, Row] | None] = [None] * capacity
        self._next = itertools.count().__next__

    def add(self, row: Row) -> None:
        """Keep a row in place of the oldest one."""
        number = self._next()
        self._slots[number % self._capacity] = (number, row)

    def numbered(self) -> list[tuple[int, Row]]:
        """Give the rows that are kept with their serial numbers, oldest first; O(n log n)."""
        return sorted(slot for slot in self._slots if slot is not None)

    def since(self, number: int) -> tuple[list[Span], int]:
        """Give the spans from serial number `number` on, and the number to ask for next; O(new)."""
        found: list[Span] = []
        while (slot := self._slots[number % self._capacity]) is not None and slot[0] >= number:
            if slot[0] > number:
                # Overwritten before it was read: go on with the oldest that can still be there.
                number = max(number + 1, slot[0] - self._capacity + 1)
                continue
            found.append(Span(*slot[1]))
            number += 1
        return found, number
