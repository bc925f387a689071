"""The kit of `next_run`."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from velvet_testing.kit import Kit

BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    """Read '2026-03-29 01:00' as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def _shown(moment: datetime) -> tuple[int, int]:
    local = moment.astimezone(ZoneInfo(BERLIN))
    return local.hour, local.minute


def _check(m: Any, x: Any) -> None:
    after, hour, minute, months = x
    run = m.next_run(after, hour, minute, BERLIN)
    assert after < run <= after + timedelta(hours=49)
    assert _shown(run)[1] == minute
    day = m.add_months(after.date(), months)
    assert (day.year - after.year) * 12 + day.month - after.month == months
    assert day.day == after.day or day.day == calendar.monthrange(day.year, day.month)[1]
    second = m.next_run(run, hour, minute, BERLIN)
    assert second - run >= timedelta(hours=22)


def _oracle(x: Any) -> Any:
    """Walk the half hours of two days; for a skipped time there is no such one."""
    after, hour, minute, _ = x
    half = timedelta(minutes=30)
    moment = after.replace(minute=after.minute // 30 * 30) - timedelta(hours=30)
    seen = set()
    for _ in range(112):
        moment += half
        local = moment.astimezone(ZoneInfo(BERLIN))
        if (local.hour, local.minute) == (hour, minute) and local.date() not in seen:
            if moment > after:
                return moment
            seen.add(local.date())
    return None


def _exercise(m: Any, x: Any) -> Any:
    after, hour, minute, _ = x
    run = m.next_run(after, hour, minute, BERLIN)
    return run if _shown(run) == (hour, minute) and run - after < timedelta(hours=26) else None


def _relate(m: Any, x: Any) -> None:
    after, hour, minute, months = x
    run = m.next_run(after, hour, minute, BERLIN)
    assert m.next_run(run - timedelta(microseconds=1), hour, minute, BERLIN) == run
    later = after.astimezone(timezone(timedelta(hours=9)))
    assert m.next_run(later, hour, minute, BERLIN) == run
    first = after.date().replace(day=1)
    assert m.add_months(m.add_months(first, months), -months) == first


_moment = st.datetimes(
    datetime(2024, 1, 1), datetime(2026, 12, 31)  # noqa: DTZ001 - the zone comes next
).map(lambda one: one.replace(second=0, microsecond=0, tzinfo=timezone.utc))
_whole = _moment.map(lambda one: one.replace(minute=0))
KIT = Kit(
    happy=(
        'next_run(utc("2026-06-01 06:00"), 9, 0, "UTC") == utc("2026-06-01 09:00")',
        'next_run(utc("2026-06-01 10:00"), 9, 0, "UTC") == utc("2026-06-02 09:00")',
        "add_months(date(2026, 3, 15), 2) == date(2026, 5, 15)",
    ),
    edges=(
        'next_run(utc("2026-06-01 08:59"), 9, 0, "UTC") == utc("2026-06-01 09:00")',
        'next_run(utc("2026-06-01 09:00"), 9, 0, "UTC") == utc("2026-06-02 09:00")',
        'next_run(utc("2026-12-31 23:59"), 0, 0, "UTC") == utc("2027-01-01 00:00")',
        'next_run(utc("2026-06-01 06:00"), 9, 0, BERLIN) == utc("2026-06-01 07:00")',
        "raises(ValueError, next_run, datetime(2026, 1, 1), 9, 0, BERLIN)",
        "add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)",
        "add_months(date(2026, 11, 30), 1) == date(2026, 12, 30)",
        "add_months(date(2026, 1, 1), -1) == date(2025, 12, 1)",
        "add_months(date(2026, 6, 1), 0) == date(2026, 6, 1)",
    ),
    snapshot=(
        'next_run(utc("2026-01-10 12:00"), 7, 30, BERLIN)',
        "add_months(date(2026, 5, 31), 1)",
    ),
    tools={"utc": utc, "BERLIN": BERLIN, "date": date, "datetime": datetime},
    inputs=st.tuples(
        st.one_of(_moment, _whole),
        st.integers(0, 23),
        st.sampled_from((0, 30)),
        st.integers(-30, 30),
    ),
    exercise=_exercise,
    check=_check,
    oracle=_oracle,
    relate=_relate,
)
