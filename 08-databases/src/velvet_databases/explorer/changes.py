"""Live migrations as the page shows them: what a writer felt, and which locks are taken."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from velvet_databases.explorer.telling import Event

#: Phase -> versions of the application that run correctly once it is taken (`expand_contract`).
PHASES = {
    "expand": "the new column appears beside the old one",
    "dual-write": "a trigger writes both",
    "backfill": "old rows are filled in pieces, up to the largest key that was there",
    "validate": "NOT NULL is proved without a lock",
    "switch": "the new version moves over; both run",
    "contract": "the old column goes",
}


@dataclass(frozen=True)
class Felt:
    """One change done in one way, and the writes beside it.

    Attributes:
        writes: (seconds since the writer began, milliseconds that it took).
        start_s, end_s: when the change began and ended on the same clock.
    """

    change: str
    way: str
    start_s: float
    end_s: float
    errors: int
    writes: tuple[tuple[float, float], ...]

    @property
    def seconds(self) -> float:
        """How long the change took in all."""
        return self.end_s - self.start_s

    @property
    def max_stall_ms(self) -> float:
        """The longest write that overlapped the change."""
        inside = [
            took for at, took in self.writes if at + took / 1e3 >= self.start_s and at <= self.end_s
        ]
        return max(inside, default=0.0)

    @property
    def p50_ms(self) -> float:
        """The median of all writes."""
        return statistics.median(took for _, took in self.writes) if self.writes else 0.0


@dataclass(frozen=True)
class Lock:
    """What one statement locks and rewrites; see `migrate.locks`."""

    ddl: str
    mode: str
    rewrites: bool
    scans: bool
    blocks_reads: bool
    blocks_writes: bool


@dataclass
class Changes:
    """All changes that were tried, and the locks of some statements."""

    felt: list[Felt] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)

    def by_change(self) -> dict[str, list[Felt]]:
        """Group the ways of doing the same change."""
        groups: dict[str, list[Felt]] = {}
        for one in self.felt:
            groups.setdefault(one.change, []).append(one)
        return groups


def read_changes(events: Iterable[Event]) -> Changes:
    """Read the job's lines; O(n)."""
    found = Changes()
    for event in events:
        kind = event.get("type")
        values = {name: value for name, value in event.items() if name != "type"}
        if kind == "lock":
            found.locks.append(Lock(**values))
        elif kind == "change":
            writes = tuple((at, took) for at, took in values.pop("writes"))
            found.felt.append(Felt(**values, writes=writes))
    return found
