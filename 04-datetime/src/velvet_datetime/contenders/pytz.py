"""pytz as its documentation demands: `localize`, and `normalize` after every sum."""

from __future__ import annotations

import datetime as dt

import pytz

from velvet_datetime.contender import Unsupported

label = "pytz"
distribution = "pytz"
UTC = dt.timezone.utc


def parse(text: str) -> dt.datetime:
    """Refuse: pytz reads no text."""
    raise Unsupported("pytz has no parser")


def from_wall(wall: dt.datetime, zone: str) -> dt.datetime:
    """Localize; `is_dst=False` is the default, so a fold is the second."""
    return pytz.timezone(zone).localize(wall)


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
    moved: dt.datetime = value.tzinfo.normalize(value + delta)  # type: ignore[union-attr]
    return moved


def add_days(value: dt.datetime, days: int) -> dt.datetime:
    """Add without the zone and localize again."""
    moved: dt.datetime = value.tzinfo.localize(wall(value) + dt.timedelta(days=days))  # type: ignore[union-attr]
    return moved


def add_months(value: dt.datetime, months: int) -> dt.datetime:
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
