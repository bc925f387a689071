"""Spans: who did what, when, and where it ran; the currency of every timeline.

A span is a plain tuple, so recording one costs about a microsecond and a million of them
fit anywhere. Dashboards read them from the JSON lines of a child process, so that the
page's own work never pollutes what it shows.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

KINDS = ("run", "wait", "queue", "block", "gc")


class Span(NamedTuple):
    """One stretch of time on one lane.

    Attributes:
        lane: a thread, process or task; one row of a timeline.
        name: what was done.
        kind: ``run``, ``wait``, ``queue``, ``block``, ``gc``, or a word of the caller's own.
        t0_ns, t1_ns: start and end on one monotonic clock, in nanoseconds.
    """

    lane: str
    name: str
    kind: str
    t0_ns: int
    t1_ns: int
    pid: int = 0
    tid: int = 0

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return (self.t1_ns - self.t0_ns) / 1e9


class Recorder:
    """Keeps the latest spans in a ring; safe to use from several threads.

    Args:
        capacity: how many spans are kept; older ones are dropped and counted.

    Raises:
        ValueError: the capacity is below one.
    """

    def __init__(
        self, capacity: int = 100_000, clock_ns: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self._ring: deque[Span] = deque(maxlen=capacity)
        self._clock = clock_ns
        self.recorded = 0

    def add(self, span: Span) -> None:
        """Keep one span."""
        self._ring.append(span)
        self.recorded += 1

    @contextmanager
    def span(self, name: str, *, kind: str = "run", lane: str | None = None) -> Iterator[None]:
        """Record the time of a block, also when it raises."""
        began = self._clock()
        try:
            yield
        finally:
            thread = threading.current_thread()
            self.add(
                Span(
                    lane or thread.name,
                    name,
                    kind,
                    began,
                    self._clock(),
                    os.getpid(),
                    thread.ident or 0,
                )
            )

    @property
    def dropped(self) -> int:
        """How many spans fell out of the ring."""
        return self.recorded - len(self._ring)

    def spans(self) -> list[Span]:
        """Return the kept spans in the order of their end."""
        return list(self._ring)


def read(records: Iterable[Mapping[str, Any]]) -> list[Span]:
    """Return spans from mappings that hold at least lane, name, kind, t0_ns and t1_ns.

    Raises:
        ValueError: a record lacks one of them, or ends before it begins.
    """
    spans = []
    for number, record in enumerate(records):
        try:
            span = Span(
                str(record["lane"]),
                str(record["name"]),
                str(record["kind"]),
                int(record["t0_ns"]),
                int(record["t1_ns"]),
                int(record.get("pid") or 0),
                int(record.get("tid") or 0),
            )
        except KeyError as error:
            raise ValueError(f"span {number} lacks {error}") from None
        except (TypeError, ValueError):
            raise ValueError(f"span {number} is no span: {record!r:.80}") from None
        if span.t1_ns < span.t0_ns:
            raise ValueError(f"span {number} ends before it begins")
        spans.append(span)
    return spans


def chrome_trace(spans: Iterable[Span]) -> str:
    """Return the spans in the Trace Event Format (JSON), which any trace viewer opens."""
    spans = list(spans)
    lanes = {
        lane: number for number, lane in enumerate(dict.fromkeys((s.pid, s.lane) for s in spans))
    }
    names = [
        {"ph": "M", "name": "thread_name", "pid": pid, "tid": number, "args": {"name": lane}}
        for (pid, lane), number in lanes.items()
    ]
    events = [
        {
            "ph": "X",
            "name": span.name,
            "cat": span.kind,
            "ts": span.t0_ns / 1e3,
            "dur": (span.t1_ns - span.t0_ns) / 1e3,
            "pid": span.pid,
            "tid": lanes[span.pid, span.lane],
        }
        for span in spans
    ]
    return json.dumps({"traceEvents": names + events, "displayTimeUnit": "ms"})


def write_chrome_trace(spans: Iterable[Span], path: Path) -> None:
    """Write the Trace Event Format to a file."""
    path.write_text(chrome_trace(spans), encoding="utf-8")


def in_flight(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Return (time in ns, spans open from then on), for the line below a timeline."""
    edges: dict[int, int] = {}
    for span in spans:
        edges[span.t0_ns] = edges.get(span.t0_ns, 0) + 1
        edges[span.t1_ns] = edges.get(span.t1_ns, 0) - 1
    level, steps = 0, []
    for moment in sorted(edges):
        level += edges[moment]
        steps.append((moment, level))
    return steps
