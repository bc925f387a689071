"""The record of a trace, and questions that a list of spans answers: what ran where, and how many at once.

Spans of one lane may nest, as a job does that contains a wait. Every moment of a lane is counted
once, for the span that began last: what a flame graph calls self time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["run", "wait", "queue", "block", "gc"]
"""Computing; waiting for an event; ready, but no worker was free; a blocking call, or a thread that did
not get the GIL; collecting garbage."""


class Span(NamedTuple):
    """What was done, where, and from when to when."""

    lane: str  # the row of a timeline: a thread or process for work, the task itself for its waits
    name: str  # the coroutine, the function, the label of a block
    kind: Kind
    t0_ns: int  # by `time.perf_counter_ns`, one clock for all processes of a machine
    t1_ns: int
    task: str = ""  # the asyncio task or the job
    parent: str = ""  # the task or thread that created it
    pid: int = 0
    tid: int = 0  # native thread id


def self_time(lane: Iterable[Span]) -> Iterator[Span]:
    """Cut the spans of one lane into parts that do not overlap; the innermost span wins.

    O(n log n). A span that reaches past the end of the one it began in is cut there.
    """
    open_spans: list[Span] = []
    at = 0
    for span in [*sorted(lane, key=lambda span: (span.t0_ns, -span.t1_ns)), None]:
        while open_spans and (span is None or open_spans[-1].t1_ns <= span.t0_ns):
            ended = open_spans.pop()
            if ended.t1_ns > at:
                yield ended._replace(t0_ns=max(at, ended.t0_ns))
                at = ended.t1_ns
        if span is None:
            return
        if open_spans and span.t0_ns > at:
            yield open_spans[-1]._replace(t0_ns=max(at, open_spans[-1].t0_ns), t1_ns=span.t0_ns)
        at = max(at, span.t0_ns)
        open_spans.append(span)


def concurrency(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Return how many tasks and jobs were in flight, as steps of (time in ns, number from then on).

    One is in flight from the start of its first span to the end of its last; waiting for a worker
    or a permit (`queue`) does not count. O(n log n).

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


def chrome_trace(spans: Iterable[Span]) -> dict[str, Any]:
    """Return the spans in the Trace Event Format ("JSON Object Format", complete events, µs).

    Viewers expect the events of a thread in the order of their start, the enclosing one first; spans
    are recorded in the order of their end.
    """
    lanes: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        lanes[span.lane].append(span)
    events: list[dict[str, Any]] = []
    for row, (lane, found) in enumerate(lanes.items(), start=1):
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
            for span in sorted(found, key=lambda span: (span.t0_ns, -span.t1_ns))
        )
    return {"traceEvents": events, "displayTimeUnit": "ms"}
