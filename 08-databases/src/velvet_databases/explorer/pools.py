"""Measured pools as the page shows them: curves by pool, and what could not be measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from velvet_databases.explorer.telling import Event

METRICS = {"tps": "done a second", "p50_ms": "p50, ms", "p99_ms": "p99, ms"}


@dataclass
class Curves:
    """Pool -> its points by size; `absent` says why a pool has none."""

    points: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def series(self, metric: str) -> dict[str, list[tuple[float, float]]]:
        """Return (size, value) of each pool that has this metric."""
        found = {
            pool: [(float(p["size"]), float(p[metric])) for p in points if metric in p]
            for pool, points in self.points.items()
        }
        return {pool: points for pool, points in found.items() if points}

    def hold_ms(self) -> float | None:
        """Return how long one connection is held for one piece of work, as seen at size 1."""
        for pool in ("ours", "psycopg_pool", "sqlalchemy"):
            for point in self.points.get(pool, ()):
                if point["size"] == 1 and point["tps"] > 0:
                    return 1e3 / float(point["tps"])
        return None

    def worst_waits(self, size: int) -> dict[str, float]:
        """Return the longest wait in ms that any caller had, by pool."""
        return {
            pool: float(point["worst_wait_ms"])
            for pool, points in self.points.items()
            for point in points
            if point["size"] == size and "worst_wait_ms" in point
        }


def read_curves(events: Iterable[Event]) -> Curves:
    """Read the job's lines; O(n)."""
    found = Curves()
    for event in events:
        if event.get("type") == "point":
            values = {name: value for name, value in event.items() if name not in ("type", "pool")}
            found.points.setdefault(event["pool"], []).append(values)
        elif event.get("type") == "absent":
            found.absent[event["pool"]] = event["reason"]
    return found
