"""Spans: who did what, when, and where it ran; the currency of every timeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


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
