"""The standard library as most code uses it: aware datetimes in a zone, `+` and `-` on them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from velvet_datetime.contender import Unsupported

label = "zoneinfo, + on the wall"
distribution = ""
UTC = dt.timezone.utc


def parse(text: str) -> dt.datetime:
    """Read by `fromisoformat`."""
    return dt.datetime.fromisoformat(text)


def from_wall(wall: dt.datetime, zone: str) -> dt.datetime:
    """Attach the zone; a fold is the first, a gap takes the offset before it."""
    return wall.replace(tzinfo=ZoneInfo(zone))


def from_instant(instant: dt.datetime, zone: str) -> dt.datetime:
    """Convert."""
    return instant.astimezone(ZoneInfo(zone))


to_zone = from_instant


def instant(value: dt.datetime) -> dt.datetime:
    """Return the instant."""
    return value.astimezone(UTC)


def wall(value: dt.datetime) -> dt.datetime:
    """Return the clock."""
    return value.replace(tzinfo=None, fold=0)


def add_exact(value: dt.datetime, delta: dt.timedelta) -> dt.datetime:
    """Add as the operator does: on the wall, whatever the offset does meanwhile."""
    return value + delta


def add_days(value: dt.datetime, days: int) -> dt.datetime:
    """Add on the wall, which is right here."""
    return value + dt.timedelta(days=days)


def add_months(value: dt.datetime, months: int) -> dt.datetime:  # noqa: ARG001
    """Refuse: the standard library counts no months."""
    raise Unsupported("datetime has no months to add")


def difference(end: dt.datetime, start: dt.datetime) -> dt.timedelta:
    """Subtract as the operator does: on the wall when both have one zone object."""
    return end - start


def equal(one: dt.datetime, other: dt.datetime) -> bool:
    """Compare."""
    return one == other


def iso(value: dt.datetime) -> str:
    """Write."""
    return value.isoformat()
