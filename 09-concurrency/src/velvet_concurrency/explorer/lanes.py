"""Lanes that can be drawn: no nested bars, no bars thinner than a pixel, and jobs in flight.

A job contains its wait, and its computing is recorded in slices of a millisecond. Drawn as they
are, the outer bars cover the inner ones and five hundred tasks make twenty thousand bars. Here each
moment of a lane belongs to the innermost span, and neighbours that a screen cannot tell apart
become one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from velvet_concurrency.trace import Span, concurrency
from velvet_concurrency.trace.views import by_lane

HIDDEN = ("loop lag",)  # a row of the heatmap, not of the timeline
_PIXELS = 2_000


def between(spans: Iterable[Span], start_s: float, end_s: float) -> list[Span]:
    """Return the parts of spans that lie between two moments, in seconds; the rest is cut off."""
    start, end = round(start_s * 1e9), round(end_s * 1e9)
    return [
        span._replace(t0_ns=max(span.t0_ns, start), t1_ns=min(span.t1_ns, end))
        for span in spans
        if span.t0_ns < end and span.t1_ns > start
    ]


def _innermost(lane: Iterable[Span]) -> Iterator[Span]:
    """Cut the spans of one lane so that they do not overlap; who began last wins."""
    open_spans: list[Span] = []
    at = 0
    for span in sorted(lane, key=lambda span: (span.t0_ns, -span.t1_ns)):
        while open_spans and open_spans[-1].t1_ns <= span.t0_ns:
            ended = open_spans.pop()
            if ended.t1_ns > at:
                yield ended._replace(t0_ns=max(at, ended.t0_ns))
                at = ended.t1_ns
        if open_spans and span.t0_ns > at:
            yield open_spans[-1]._replace(t0_ns=max(at, open_spans[-1].t0_ns), t1_ns=span.t0_ns)
        at = max(at, span.t0_ns)
        open_spans.append(span)
    while open_spans:
        ended = open_spans.pop()
        if ended.t1_ns > at:
            yield ended._replace(t0_ns=max(at, ended.t0_ns))
            at = ended.t1_ns


def _queue(spans: Sequence[Span]) -> Iterator[Span]:
    """Join the overlapping waits of a pool's queue, which is no lane of one worker."""
    joined: list[Span] = []
    jobs = 0
    for span in sorted(spans, key=lambda span: span.t0_ns):
        if joined and span.t0_ns <= joined[-1].t1_ns:
            jobs += 1
            end = max(joined[-1].t1_ns, span.t1_ns)
            joined[-1] = joined[-1]._replace(t1_ns=end, name=f"{jobs} jobs in the queue", task="")
        else:
            jobs = 1
            joined.append(span)
    yield from joined


def _merged(spans: Iterable[Span], resolution_ns: int) -> Iterator[Span]:
    last: Span | None = None
    for span in spans:
        if last is None:
            last = span
        elif (span.kind, span.task) == (last.kind, last.task) and (
            span.t0_ns - last.t1_ns <= resolution_ns
        ):
            last = last._replace(t1_ns=span.t1_ns)
        elif span.t1_ns - span.t0_ns < resolution_ns and span.t0_ns - last.t1_ns < resolution_ns:
            continue  # under a pixel, between bars that are not
        else:
            if last.t1_ns > last.t0_ns:
                yield last
            last = span
    if last is not None and last.t1_ns > last.t0_ns:
        yield last


def drawable(spans: Sequence[Span], *, most_lanes: int = 24) -> tuple[list[Span], int]:
    """Return bars for a timeline and how many lanes there are in all.

    Lanes that run something come before those that only wait, and so survive the cut. A pool's
    queue is one lane. O(n log n).

    Args:
        spans: of one run.
        most_lanes: lanes to keep.
    """
    if not spans:
        return [], 0
    extent = max(span.t1_ns for span in spans) - min(span.t0_ns for span in spans)
    lanes = {lane: found for lane, found in by_lane(spans).items() if lane not in HIDDEN}
    ranked = sorted(
        lanes,
        key=lambda lane: (
            lane != "queue" and all(span.kind != "run" for span in lanes[lane]),
            min(span.t0_ns for span in lanes[lane]),
        ),
    )
    bars: list[Span] = []
    for lane in ranked[:most_lanes]:
        cut = _queue(lanes[lane]) if lane == "queue" else _innermost(lanes[lane])
        bars.extend(_merged(cut, extent // _PIXELS))
    return bars, len(lanes)


def flights(spans: Iterable[Span]) -> list[Span]:
    """Return one span per job, from its first to its last moment outside of a queue."""
    lives: dict[tuple[int, str], Span] = {}
    for span in spans:
        if span.task and span.kind != "queue":
            key = span.pid, span.task
            known = lives.get(key, span)
            lives[key] = known._replace(
                lane=span.task,
                name=span.task,
                t0_ns=min(known.t0_ns, span.t0_ns),
                t1_ns=max(known.t1_ns, span.t1_ns),
            )
    return list(lives.values())


def shares(spans: Sequence[Span]) -> dict[str, float]:
    """Return seconds by kind over all lanes, each moment of a lane counted once."""
    found: dict[str, float] = defaultdict(float)
    for lane, its in by_lane(spans).items():
        if lane in HIDDEN or lane == "queue":
            continue
        for span in _innermost(its):
            found[span.kind] += (span.t1_ns - span.t0_ns) / 1e9
    return dict(found)


def turn_taking(spans: Sequence[Span]) -> str:
    """Say in one sentence what the picture shows: who computed, and how many jobs were in flight."""
    total = shares(spans)
    if not total:
        return "Nothing has run yet."
    extent = (max(s.t1_ns for s in spans) - min(s.t0_ns for s in spans)) / 1e9
    running = [lane for lane, its in by_lane(spans).items() if any(s.kind == "run" for s in its)]
    most = max((level for _, level in concurrency(spans)), default=0)
    lanes = f"{len(running)} lane{'s' if len(running) != 1 else ''}"
    text = (
        f"Up to {most} job{'s' if most != 1 else ''} begun and not done, computing on {lanes}: "
        f"{total.get('run', 0.0):.2f} s of CPU in {extent:.2f} s"
    )
    blocked = total.get("block", 0.0)
    if blocked > 0.05 * total.get("run", 0.0) and len(running) > 1:
        text += f", and {blocked:.2f} s ready but not given the CPU: they take turns"
    return text + "."
