"""Questions that a list of spans answers: who was busy, how many were in flight, where and when.

Spans of one lane may nest, as a job does that contains a wait. Every moment of a lane is counted
once, for the span that began last: what a flame graph calls self time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from velvet_concurrency.trace.spans import Kind, Span

Slice = tuple[int, int, Kind]


@dataclass(frozen=True)
class Heatmap:
    """Shares of time, a row a lane.

    Attributes:
        lanes: names of the rows.
        edges_ns: borders of the columns, one more than there are.
        cells: running share, 0 to 1, of each lane in each column.
    """

    lanes: list[str]
    edges_ns: list[int]
    cells: list[list[float]]


def by_lane(spans: Iterable[Span]) -> dict[str, list[Span]]:
    """Sort spans into their lanes, in the order in which the lanes first appear."""
    lanes: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        lanes[span.lane].append(span)
    return dict(lanes)


def self_time(lane: Iterable[Span]) -> Iterator[Slice]:
    """Cut the spans of one lane into slices that do not overlap; the innermost span wins.

    O(n log n). A span that reaches past the end of the one it began in is cut there.
    """
    open_spans: list[Span] = []
    at = 0
    for span in sorted(lane, key=lambda span: (span.t0_ns, -span.t1_ns)):
        while open_spans and open_spans[-1].t1_ns <= span.t0_ns:
            ended = open_spans.pop()
            if ended.t1_ns > at:
                yield at, ended.t1_ns, ended.kind
                at = ended.t1_ns
        if open_spans and span.t0_ns > at:
            yield at, span.t0_ns, open_spans[-1].kind
        at = max(at, span.t0_ns)
        open_spans.append(span)
    while open_spans:
        ended = open_spans.pop()
        if ended.t1_ns > at:
            yield at, ended.t1_ns, ended.kind
            at = ended.t1_ns


def _extent(spans: Sequence[Span]) -> tuple[int, int]:
    return min(span.t0_ns for span in spans), max(span.t1_ns for span in spans)


def utilisation(spans: Sequence[Span]) -> dict[str, float]:
    """Give each lane's running share of the time from the first span's start to the last's end.

    Lanes that only wait have 0. Empty without spans.

    >>> utilisation([Span("a", "f", "run", 0, 50), Span("b", "g", "wait", 0, 100)])
    {'a': 0.5, 'b': 0.0}
    """
    if not spans:
        return {}
    start, end = _extent(spans)
    return {
        lane: sum(t1 - t0 for t0, t1, kind in self_time(found) if kind == "run")
        / max(1, end - start)
        for lane, found in by_lane(spans).items()
    }


def concurrency(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Give how many tasks and jobs were in flight, as steps of (time in ns, number from then on).

    One is in flight from the start of its first span to the end of its last; time in a pool's
    queue does not count. O(n log n).

    >>> concurrency([Span("a", "f", "run", 0, 50, "t1"), Span("b", "g", "run", 20, 90, "t2")])
    [(0, 1), (20, 2), (50, 1), (90, 0)]
    """
    lives: dict[tuple[int, str], tuple[int, int]] = {}
    for span in spans:
        if span.task and span.kind != "queue":
            key = span.pid, span.task
            first, last = lives.get(key, (span.t0_ns, span.t1_ns))
            lives[key] = min(first, span.t0_ns), max(last, span.t1_ns)
    changes: dict[int, int] = defaultdict(int)
    for first, last in lives.values():
        changes[first] += 1
        changes[last] -= 1
    steps, number = [], 0
    for moment in sorted(changes):
        number += changes[moment]
        steps.append((moment, number))
    return steps


def to_heatmap(spans: Sequence[Span], bins: int = 50) -> Heatmap:
    """Cut time into `bins` columns and give each lane's running share of each; a lane's lag counts.

    Lanes that never run (waiting tasks) are left out, except `loop lag`, which comes first and
    shows the share of time that the loop was late.

    Raises:
        ValueError: `bins` is not positive.
    """
    if bins < 1:
        raise ValueError(f"bins must be >= 1, got {bins!r}")
    if not spans:
        return Heatmap([], [], [])
    start, end = _extent(spans)
    width = max(1.0, (end - start) / bins)
    rows: dict[str, list[float]] = {}
    for lane, found in sorted(by_lane(spans).items(), key=lambda pair: pair[0] != "loop lag"):
        counted = "queue" if lane == "loop lag" else "run"
        slices = [(t0, t1) for t0, t1, kind in self_time(found) if kind == counted]
        if slices:
            rows[lane] = _spread(slices, start, width, bins)
    edges = [start + round(i * width) for i in range(bins + 1)]
    return Heatmap(list(rows), edges, list(rows.values()))


def _spread(slices: list[tuple[int, int]], start: int, width: float, bins: int) -> list[float]:
    row = [0.0] * bins
    for t0, t1 in slices:
        first = min(bins - 1, int((t0 - start) / width))
        last = min(bins - 1, int((t1 - start) / width))
        for column in range(first, last + 1):
            left, right = start + column * width, start + (column + 1) * width
            row[column] += max(0.0, min(t1, right) - max(t0, left)) / width
    return [min(1.0, share) for share in row]


def chrome_trace(spans: Iterable[Span]) -> dict[str, Any]:
    """Give the spans in the Trace Event Format ("JSON Object Format", complete events, µs)."""
    events: list[dict[str, Any]] = []
    for row, (lane, found) in enumerate(by_lane(spans).items(), start=1):
        for pid in sorted({span.pid for span in found}):
            name = {"ph": "M", "name": "thread_name", "pid": pid, "tid": row}
            events.append({**name, "args": {"name": lane}})
        events.extend(
            {
                "ph": "X",
                "name": span.name,
                "cat": span.kind,
                "pid": span.pid,
                "tid": row,
                "ts": span.t0_ns / 1e3,
                "dur": (span.t1_ns - span.t0_ns) / 1e3,
                "args": {"task": span.task, "parent": span.parent, "thread": span.tid},
            }
            for span in found
        )
    return {"traceEvents": events, "displayTimeUnit": "ms"}


def write_chrome_trace(spans: Iterable[Span], path: Path) -> None:
    """Write `chrome_trace` to a file that a Trace Event viewer opens."""
    path.write_text(json.dumps(chrome_trace(spans)), encoding="utf-8")
