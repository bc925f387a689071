"""arrow: one class around datetime, with `shift`."""

from __future__ import annotations

import datetime as dt

import arrow
from arrow import Arrow

label = "arrow"
distribution = "arrow"


def parse(text: str) -> Arrow:
    """Read by `arrow.get`."""
    return arrow.get(text)


def from_wall(wall: dt.datetime, zone: str) -> Arrow:
    """Attach the zone."""
    return arrow.get(wall, zone)


def from_instant(instant: dt.datetime, zone: str) -> Arrow:
    """Convert."""
    return arrow.get(instant).to(zone)


def to_zone(value: Arrow, zone: str) -> Arrow:
    """Convert a value to another zone."""
    return value.to(zone)


def instant(value: Arrow) -> dt.datetime:
    """Return the instant."""
    return value.datetime.astimezone(dt.timezone.utc)


def wall(value: Arrow) -> dt.datetime:
    """Return the clock."""
    return value.naive.replace(fold=0)


def add_exact(value: Arrow, delta: dt.timedelta) -> Arrow:
    """Shift by seconds, which arrow does on the wall."""
    return value.shift(seconds=delta.total_seconds())


def add_days(value: Arrow, days: int) -> Arrow:
    """Shift by days."""
    return value.shift(days=days)


def add_months(value: Arrow, months: int) -> Arrow:
    """Shift by months."""
    return value.shift(months=months)


def difference(end: Arrow, start: Arrow) -> dt.timedelta:
    """Subtract."""
    made: dt.timedelta = end.datetime - start.datetime
    return made


def equal(one: Arrow, other: Arrow) -> bool:
    """Compare."""
    return one == other


def iso(value: Arrow) -> str:
    """Write."""
    return value.isoformat()
