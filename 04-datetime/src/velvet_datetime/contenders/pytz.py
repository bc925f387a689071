"""pytz as its documentation demands: `localize`, and `normalize` after every sum."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytz  # type: ignore[import-untyped,unused-ignore]

from velvet_datetime.contender import Unsupported
from velvet_datetime.contenders import zoneinfo_wall

label = "pytz"
distribution = "pytz"
# The values are plain datetimes: what asks for no zone is the standard library's own.
instant = zoneinfo_wall.instant
wall = zoneinfo_wall.wall
difference = zoneinfo_wall.difference
equal = zoneinfo_wall.equal
iso = zoneinfo_wall.iso


def parse(text: str) -> dt.datetime:  # noqa: ARG001
    """Refuse: pytz reads no text."""
    raise Unsupported("pytz has no parser")


def from_wall(wall: dt.datetime, zone: str) -> dt.datetime:
    """Localize; `is_dst=False` is the default, so a fold is the second."""
    made: dt.datetime = pytz.timezone(zone).localize(wall)
    return made


def from_instant(instant: dt.datetime, zone: str) -> dt.datetime:
    """Convert."""
    return instant.astimezone(pytz.timezone(zone))


to_zone = from_instant


def add_exact(value: dt.datetime, delta: dt.timedelta) -> dt.datetime:
    """Add with the old offset, then normalize: exact."""
    zone: Any = value.tzinfo
    moved: dt.datetime = zone.normalize(value + delta)
    return moved


def add_days(value: dt.datetime, days: int) -> dt.datetime:
    """Add without the zone and localize again."""
    zone: Any = value.tzinfo
    moved: dt.datetime = zone.localize(wall(value) + dt.timedelta(days=days))
    return moved


def add_months(value: dt.datetime, months: int) -> dt.datetime:  # noqa: ARG001
    """Refuse: pytz counts no months."""
    raise Unsupported("pytz has no months to add")
