"""pytz as its documentation demands: `localize`, and `normalize` after every sum."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytz  # type: ignore[import-untyped,unused-ignore]

from velvet_datetime.contender import Unsupported

label = "pytz"
distribution = "pytz"
UTC = dt.timezone.utc


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


def to_zone(value: dt.datetime, zone: str) -> dt.datetime:
    """Convert a value to another zone."""
    return value.astimezone(pytz.timezone(zone))


def instant(value: dt.datetime) -> dt.datetime:
    """Return the instant."""
    return value.astimezone(UTC)


def wall(value: dt.datetime) -> dt.datetime:
    """Return the clock."""
    return value.replace(tzinfo=None)


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


def difference(end: dt.datetime, start: dt.datetime) -> dt.timedelta:
    """Subtract; each value has a fixed offset, so this is exact."""
    return end - start


def equal(one: dt.datetime, other: dt.datetime) -> bool:
    """Compare."""
    return one == other


def iso(value: dt.datetime) -> str:
    """Write."""
    return value.isoformat()
