"""When a daily job runs next, and months later.

`next_run` returns the first moment strictly after `after` at which the zone's clocks show the
time: once a day. A time that a day skips is moved by the gap; one that comes twice counts the
first time. `add_months` keeps the day, or takes the month's last.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC; a wall time in a gap is moved by the gap."""
    local = datetime.combine(day, at, tzinfo=zone)
    return local.replace(fold=0).astimezone(timezone.utc)


def next_run(after: datetime, hour: int, minute: int, zone_name: str) -> datetime:
    """Return the next run after an aware moment, in UTC."""
    if after.tzinfo is None:
        raise ValueError("`after` has no zone")
    zone, at = ZoneInfo(zone_name), time(hour, minute)
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        run = _moment(day, at, zone)
        if run > after:
            return run
        day += timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
