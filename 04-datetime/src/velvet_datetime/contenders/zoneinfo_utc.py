"""The standard library with a detour over UTC for everything that counts time."""

from __future__ import annotations

import datetime as dt

from velvet_datetime import resolve
from velvet_datetime.contenders import zoneinfo_wall

label = "zoneinfo, by way of UTC"
distribution = ""
UTC = dt.timezone.utc
parse = zoneinfo_wall.parse
from_wall = zoneinfo_wall.from_wall
from_instant = zoneinfo_wall.from_instant
to_zone = zoneinfo_wall.to_zone
instant = zoneinfo_wall.instant
wall = zoneinfo_wall.wall
iso = zoneinfo_wall.iso


def add_exact(value: dt.datetime, delta: dt.timedelta) -> dt.datetime:
    """Add in UTC and come back."""
    return (value.astimezone(UTC) + delta).astimezone(value.tzinfo)


def add_days(value: dt.datetime, days: int) -> dt.datetime:
    """Add on the wall, then normalise a time that does not exist."""
    return (value + dt.timedelta(days=days)).astimezone(UTC).astimezone(value.tzinfo)


def add_months(value: dt.datetime, months: int) -> dt.datetime:
    """Add by our own calendar arithmetic: the standard library has none."""
    assert value.tzinfo is not None
    moved = resolve.add_wall(wall(value), value.tzinfo, months=months)
    return moved.astimezone(value.tzinfo)


def difference(end: dt.datetime, start: dt.datetime) -> dt.timedelta:
    """Subtract in UTC."""
    return end.astimezone(UTC) - start.astimezone(UTC)


def equal(one: dt.datetime, other: dt.datetime) -> bool:
    """Compare in UTC."""
    return one.astimezone(UTC) == other.astimezone(UTC)
