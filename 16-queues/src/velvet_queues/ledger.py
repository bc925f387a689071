"""The ledger: starts, finishes and effects, counted without asking the queue.

A queue's own counters are part of what is on trial. Here each process appends a line to a file of
its own for every event, one write call each, so that a line is whole after `kill -9` of the
writer and no line depends on the broker. A verdict is arithmetic over all lines.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from velvet_queues.errors import PromiseBroken

CANARY = "canary-"  # tasks of this name only show that a worker is ready
EVENTS = ("sent", "started", "finished", "failed", "effect")


class Delivery(str, Enum):
    """What a queue promises about each message."""

    AT_MOST_ONCE = "at most once"
    AT_LEAST_ONCE = "at least once"


class Entry(NamedTuple):
    """One line: what happened to which task, when, in which process and on which lane of it."""

    event: str
    id: str
    at: float
    pid: int
    lane: str = ""

    @property
    def is_canary(self) -> bool:
        """Whether it is about readiness and no task."""
        return self.id.startswith(CANARY)


class Ledger:
    """Append events to, and read all events from, a folder; safe for threads and processes."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._lock = threading.Lock()
        self._handle: tuple[int, int] | None = None

    def record(self, event: str, id: str, lane: str = "") -> None:
        """Append one event.

        Raises:
            ValueError: an unknown event.
        """
        if event not in EVENTS:
            raise ValueError(f"event must be one of {', '.join(EVENTS)}, not {event!r}")
        line = json.dumps([event, id, time.time(), os.getpid(), lane]) + "\n"
        with self._lock:
            os.write(self._own_file(), line.encode())

    def _own_file(self) -> int:
        if self._handle is None or self._handle[0] != os.getpid():  # a fork takes a file of its own
            path = self.folder / f"{os.getpid()}.ledger"
            flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY
            self._handle = (os.getpid(), os.open(path, flags, 0o600))
        return self._handle[1]

    def entries(self) -> list[Entry]:
        """Return all events in order of time; a torn last line is left out."""
        found = []
        for path in self.folder.glob("*.ledger"):
            for line in path.read_bytes().split(b"\n")[:-1]:
                try:
                    found.append(Entry(*json.loads(line)))
                except (ValueError, TypeError):
                    continue  # torn in the middle by a full disk
        return sorted(found, key=lambda entry: entry.at)

    def verdict(self) -> Verdict:
        """Return what became of every task that was sent."""
        return judge(self.entries())

    def count(self, event: str) -> int:
        """Return how many different tasks have had an event."""
        return len({entry.id for entry in self.entries() if entry.event == event})

    def close(self) -> None:
        """Close the file of this process; safe to call twice."""
        with self._lock:
            if self._handle is not None and self._handle[0] == os.getpid():
                os.close(self._handle[1])
            self._handle = None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Verdict:
    """What the ledger says.

    Attributes:
        lost: sent and not finished.
        twice: started more than once.
        failed: attempts that raised, not tasks.
        effects_twice: tasks with an effect that was made more than once.
        strays: started, and never sent.
    """

    sent: int
    started: int
    finished: int
    failed: int
    lost: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    effects_twice: tuple[str, ...] = ()
    strays: tuple[str, ...] = field(default=(), repr=False)

    def check(self, promise: Delivery) -> None:
        """Hold the counts against a promise.

        Raises:
            PromiseBroken: with the ids; a task that was never sent breaks every promise.
        """
        if self.strays:
            raise PromiseBroken(promise.value, "started that were never sent", self.strays)
        if promise is Delivery.AT_LEAST_ONCE and self.lost:
            raise PromiseBroken(promise.value, "lost", self.lost)
        if promise is Delivery.AT_MOST_ONCE and self.twice:
            raise PromiseBroken(promise.value, "started twice", self.twice)


def judge(entries: Iterable[Entry]) -> Verdict:
    """Return the verdict over events; O(n log n)."""
    tasks = (entry for entry in entries if not entry.is_canary)
    ordered = sorted(tasks, key=lambda entry: entry.at)
    by_event = {name: [one for one in ordered if one.event == name] for name in EVENTS}
    ids = {name: {one.id for one in found} for name, found in by_event.items()}
    starts = Counter(one.id for one in by_event["started"])
    effects = Counter(one.id for one in by_event["effect"])
    return Verdict(
        sent=len(ids["sent"]),
        started=len(ids["started"]),
        finished=len(ids["finished"]),
        failed=len(by_event["failed"]),
        lost=tuple(sorted(ids["sent"] - ids["finished"])),
        twice=tuple(sorted(id for id, count in starts.items() if count > 1)),
        effects_twice=tuple(sorted(id for id, count in effects.items() if count > 1)),
        strays=tuple(sorted(ids["started"] - ids["sent"])) if ids["sent"] else (),
    )
