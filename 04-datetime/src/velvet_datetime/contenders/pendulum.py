"""pendulum: its own datetime class with its own zones."""

from __future__ import annotations

import datetime as dt

import pendulum
from pendulum import DateTime

label = "pendulum"
distribution = "pendulum"


def parse(text: str) -> DateTime:
    """Read by `pendulum.parse`; what is no datetime is refused here."""
    made = pendulum.parse(text)
    if not isinstance(made, DateTime):
        raise TypeError(f"{text!r} became a {type(made).__name__}")
    return made


def from_wall(wall: dt.datetime, zone: str) -> DateTime:
    """Make it with `pendulum.datetime`; the default of its fold is the second."""
    fields = (wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second)
    return pendulum.datetime(*fields, wall.microsecond, tz=zone)


def from_instant(instant: dt.datetime, zone: str) -> DateTime:
    """Convert, the zone by its name."""
    return pendulum.instance(instant).in_timezone(zone)


def to_zone(value: DateTime, zone: str) -> DateTime:
    """Convert a value to another zone, by its name."""
    return value.in_timezone(zone)


def instant(value: DateTime) -> dt.datetime:
    """Return the instant."""
    plain = dt.datetime.fromisoformat(value.in_timezone("UTC").isoformat()[:26].removesuffix("Z"))
    return plain.replace(tzinfo=dt.timezone.utc)


def wall(value: DateTime) -> dt.datetime:
    """Return the clock."""
    naive = value.naive()
    fields = (naive.year, naive.month, naive.day, naive.hour, naive.minute, naive.second)
    return dt.datetime(*fields, naive.microsecond)  # noqa: DTZ001


def add_exact(value: DateTime, delta: dt.timedelta) -> DateTime:
    """Add seconds, which pendulum counts exactly."""
    return value.add(seconds=delta.total_seconds())


def add_days(value: DateTime, days: int) -> DateTime:
    """Add calendar days."""
    return value.add(days=days)


def add_months(value: DateTime, months: int) -> DateTime:
    """Add calendar months."""
    return value.add(months=months)


def difference(end: DateTime, start: DateTime) -> dt.timedelta:
    """Subtract; an Interval knows its seconds."""
    return dt.timedelta(seconds=(end - start).total_seconds())


def equal(one: DateTime, other: DateTime) -> bool:
    """Compare."""
    return one == other


def iso(value: DateTime) -> str:
    """Write."""
    return value.isoformat()
