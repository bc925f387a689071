"""pandas, one value at a time; a column has the same rules (`tz_localize`, `tz_convert`)."""

from __future__ import annotations

import datetime as dt

import pandas as pd  # type: ignore[import-untyped,unused-ignore]

label = "pandas"
distribution = "pandas"


def parse(text: str) -> pd.Timestamp:
    """Read by `pd.Timestamp`."""
    return pd.Timestamp(text)


def from_wall(wall: dt.datetime, zone: str) -> pd.Timestamp:
    """Localize; both a gap and a fold are refused by default."""
    return pd.Timestamp(wall).tz_localize(zone)


def from_instant(instant: dt.datetime, zone: str) -> pd.Timestamp:
    """Convert."""
    return pd.Timestamp(instant).tz_convert(zone)


def to_zone(value: pd.Timestamp, zone: str) -> pd.Timestamp:
    """Convert a value to another zone."""
    return value.tz_convert(zone)


def instant(value: pd.Timestamp) -> dt.datetime:
    """Return the instant."""
    made: dt.datetime = value.tz_convert(dt.timezone.utc).to_pydatetime(warn=False)
    return made


def wall(value: pd.Timestamp) -> dt.datetime:
    """Return the clock."""
    made: dt.datetime = value.tz_localize(None).to_pydatetime(warn=False)
    return made


def add_exact(value: pd.Timestamp, delta: dt.timedelta) -> pd.Timestamp:
    """Add a Timedelta, which is exact."""
    return value + pd.Timedelta(delta)


def add_days(value: pd.Timestamp, days: int) -> pd.Timestamp:
    """Add calendar days by a DateOffset."""
    return value + pd.DateOffset(days=days)


def add_months(value: pd.Timestamp, months: int) -> pd.Timestamp:
    """Add calendar months by a DateOffset."""
    return value + pd.DateOffset(months=months)


def difference(end: pd.Timestamp, start: pd.Timestamp) -> dt.timedelta:
    """Subtract."""
    made: dt.timedelta = (end - start).to_pytimedelta()
    return made


def equal(one: pd.Timestamp, other: pd.Timestamp) -> bool:
    """Compare."""
    return bool(one == other)


def iso(value: pd.Timestamp) -> str:
    """Write."""
    return str(value.isoformat())
