"""dateutil: `tz.gettz`, `isoparse` and `relativedelta` over the standard datetime."""

from __future__ import annotations

import datetime as dt

from dateutil import tz  # type: ignore[import-untyped,unused-ignore]
from dateutil.parser import isoparse  # type: ignore[import-untyped,unused-ignore]
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped,unused-ignore]

from velvet_datetime.contender import Unsupported
from velvet_datetime.contenders import zoneinfo_wall

label = "dateutil"
distribution = "python-dateutil"
# The values are plain datetimes: what asks for no zone is the standard library's own.
instant = zoneinfo_wall.instant
wall = zoneinfo_wall.wall
difference = zoneinfo_wall.difference
equal = zoneinfo_wall.equal
iso = zoneinfo_wall.iso


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


to_zone = from_instant


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
