"""pytz as half of the code in the world uses it: `tzinfo=` and plain `+`."""

from __future__ import annotations

import datetime as dt

import pytz as library  # type: ignore[import-untyped,unused-ignore]

from velvet_datetime.contenders import pytz

label = "pytz, misused"
distribution = "pytz"
parse = pytz.parse
from_instant = pytz.from_instant
to_zone = pytz.to_zone
instant = pytz.instant
wall = pytz.wall
add_months = pytz.add_months
difference = pytz.difference
equal = pytz.equal
iso = pytz.iso


def from_wall(wall: dt.datetime, zone: str) -> dt.datetime:
    """Attach the zone, which is the local mean time of about 1890."""
    return wall.replace(tzinfo=library.timezone(zone))


def add_exact(value: dt.datetime, delta: dt.timedelta) -> dt.datetime:
    """Add and keep the old offset."""
    return value + delta


def add_days(value: dt.datetime, days: int) -> dt.datetime:
    """Add and keep the old offset."""
    return value + dt.timedelta(days=days)
