"""Memory as the explorer shows it: over time, per connection, by line of code, by limiter.

Most of what a small program holds is its imports, so every curve comes with the level that the
process had before its first job. The probe's lines are read here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from velvet_concurrency.explorer.runs import Run


@dataclass(frozen=True)
class Connections:
    """What a held connection costs a server of this kind, in bytes."""

    variant: str
    held: int
    bytes_each: float
    errors: int


@dataclass(frozen=True)
class Growth:
    """Bytes that a limiter holds after so many calls: points in ascending calls."""

    limiter: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Snapshot:
    """The ten lines of code that hold most: (where, bytes, blocks)."""

    name: str
    lines: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Probe:
    """What the memory probe found so far; `remarks` says what it could not find."""

    connections: tuple[Connections, ...] = ()
    growth: tuple[Growth, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    remarks: tuple[str, ...] = ()
    done: bool = False


def series(runs: Iterable[Run]) -> tuple[dict[str, list[tuple[float, float]]], float | None]:
    """Return resident MB over time by run, and the least that one had before its first job."""
    found, floors = {}, []
    for run in runs:
        if run.readings:
            found[run.name] = [(reading.t, reading.rss_mb) for reading in run.readings]
            floors.append(run.readings[0].rss_mb)
    return found, min(floors, default=None)


def read_probe(events: Iterable[Mapping[str, Any]]) -> Probe:
    """Read the lines of the memory probe, complete or cut off.

    Raises:
        KeyError: a line lacks what its type has.
    """
    connections, snapshots, remarks = [], [], []
    growth: dict[str, list[tuple[float, float]]] = {}
    done = False
    for event in events:
        kind = event.get("type")
        if kind == "connections":
            values = (event[name] for name in ("variant", "held", "bytes_each", "errors"))
            connections.append(Connections(*values))
        elif kind == "growth":
            point = (float(event["calls"]), float(event["bytes"]))
            growth.setdefault(str(event["limiter"]), []).append(point)
        elif kind == "snapshot":
            lines = tuple((str(where), int(size), int(n)) for where, size, n in event["lines"])
            snapshots.append(Snapshot(str(event["name"]), lines))
        elif kind == "remark":
            remarks.append(str(event["text"]))
        elif kind == "done":
            done = True
    curves = tuple(Growth(name, tuple(points)) for name, points in growth.items())
    return Probe(tuple(connections), curves, tuple(snapshots), tuple(remarks), done)
