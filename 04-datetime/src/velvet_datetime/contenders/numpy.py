"""NumPy: `datetime64` is a count of ticks without a zone, in UTC by convention.

It has no word for most of what is asked here; `bulk.ZoneTable` adds the zones to its columns.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from velvet_datetime.contender import Unsupported

label = "NumPy"
distribution = "numpy"
UTC = dt.timezone.utc


def parse(text: str) -> np.datetime64:
    """Read by `np.datetime64`, which turns an offset into UTC and warns that it forgets it."""
    value: np.datetime64 = np.datetime64(text)
    return value


def from_wall(wall: dt.datetime, zone: str) -> np.datetime64:
    """Take a wall time of UTC as it is."""
    _only_utc(zone)
    return np.datetime64(wall, "us")


def from_instant(instant: dt.datetime, zone: str) -> np.datetime64:
    """Drop the offset, which is zero."""
    return from_wall(instant.replace(tzinfo=None), zone)


def to_zone(value: np.datetime64, zone: str) -> np.datetime64:
    """Return the value for UTC, refuse another zone."""
    _only_utc(zone)
    return value


def instant(value: np.datetime64) -> dt.datetime:
    """Return the instant, by the convention that the ticks count UTC."""
    return wall(value).replace(tzinfo=UTC)


def wall(value: np.datetime64) -> dt.datetime:
    """Return the clock in UTC."""
    made = value.astype("datetime64[us]").astype(object)
    if not isinstance(made, dt.datetime):  # outside the years 1 to 9999 it is a number
        raise OverflowError(f"{value} is no datetime")
    return made


def add_exact(value: np.datetime64, delta: dt.timedelta) -> np.datetime64:
    """Add ticks."""
    moved: np.datetime64 = value + np.timedelta64(delta)
    return moved


def add_days(value: np.datetime64, days: int) -> np.datetime64:
    """Add days, which in UTC are 24 hours."""
    return value + np.timedelta64(days, "D")


def add_months(value: np.datetime64, months: int) -> np.datetime64:  # noqa: ARG001
    """Refuse: months can be added to a `datetime64[M]`, which has no day."""
    raise Unsupported("NumPy adds months to months alone")


def difference(end: np.datetime64, start: np.datetime64) -> dt.timedelta:
    """Subtract."""
    made: dt.timedelta = (end - start).astype("timedelta64[us]").astype(object)
    return made


def equal(one: np.datetime64, other: np.datetime64) -> bool:
    """Compare."""
    return bool(one == other)


def iso(value: np.datetime64) -> str:
    """Write; without an offset, because there is none."""
    return str(value)


def _only_utc(zone: str) -> None:
    if zone != "UTC":
        raise Unsupported("NumPy has no time zones")
