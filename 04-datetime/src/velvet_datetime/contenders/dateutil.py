"""dateutil: `tz.gettz`, `isoparse` and `relativedelta` over the standard datetime."""

from __future__ import annotations

import datetime as dt

from dateutil import tz  # type: ignore[import-untyped,unused-ignore]
from dateutil.parser import isoparse  # type: ignore[import-untyped,unused-ignore]
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped,unused-ignore]

from velvet_datetime.contender import Unsupported

label = "dateutil"
distribution = "python-dateutil"


def parse(text: str) -> dt.datetime:
    """Read by the strict one of its two parsers."""
    made: dt.datetime = isoparse(text)
    return made


def _zone(key: str) -> dt.tzinfo:
    found: dt.tzinfo | None = tz.gettz(key)
    if found is None:
        raise Unsupported(f"dateutil has no zone {key}")
    return found


def from_wall(wall: dt.datetime, zone: str) -> dt.datetime:
    """Attach the zone."""
    return wall.replace(tzinfo=_zone(zone))


def from_instant(instant: dt.datetime, zone: str) -> dt.datetime:
    """Convert."""
    return instant.astimezone(_zone(zone))


def to_zone(value: dt.datetime, zone: str) -> dt.datetime:
    """Convert a value to another zone."""
    return value.astimezone(_zone(zone))


def instant(value: dt.datetime) -> dt.datetime:
    """Return the instant."""
    return value.astimezone(dt.timezone.utc)


def wall(value: dt.datetime) -> dt.datetime:
    """Return the clock."""
    return value.replace(tzinfo=None, fold=0)


def add_exact(value: dt.datetime, delta: dt.timedelta) -> dt.datetime:
    """Add as the operator does: on the wall."""
    return value + delta


def add_days(value: dt.datetime, days: int) -> dt.datetime:
    """Add calendar days, and move what does not exist as its documentation shows."""
    moved: dt.datetime = tz.resolve_imaginary(value + relativedelta(days=days))
    return moved


def add_months(value: dt.datetime, months: int) -> dt.datetime:
    """Add calendar months; the month's end clamps."""
    moved: dt.datetime = tz.resolve_imaginary(value + relativedelta(months=months))
    return moved


def difference(end: dt.datetime, start: dt.datetime) -> dt.timedelta:
    """Subtract as the operator does."""
    return end - start


def equal(one: dt.datetime, other: dt.datetime) -> bool:
    """Compare."""
    return one == other


def iso(value: dt.datetime) -> str:
    """Write."""
    return value.isoformat()
