"""Leap seconds: the table, two other time scales, and the smear."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt

import pytest

from velvet_datetime.errors import DateTimeError, OutOfRangeError
from velvet_datetime.leap import ExpiredTableWarning, LeapTable

UTC = dt.timezone.utc
TABLE = LeapTable.from_tzdata()
EVE = dt.datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
SECOND = dt.timedelta(seconds=1)


def test_the_table_has_27_entries_and_ends_at_37_seconds() -> None:
    assert len(TABLE.after) == 27
    assert TABLE.tai_offset(dt.datetime(1972, 1, 1, tzinfo=UTC)) == 10
    assert [TABLE.tai_offset(EVE), TABLE.tai_offset(EVE + SECOND)] == [36, 37]
    assert TABLE.is_leap_day(dt.date(2016, 12, 31))
    assert not TABLE.is_leap_day(dt.date(2017, 1, 1))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    "instant", [EVE, dt.datetime(1999, 6, 1, tzinfo=UTC), TABLE.after[0] - SECOND]
)
def test_tai_and_back(instant: dt.datetime, inside: bool) -> None:
    leaps = inside and instant.second == 59

    assert TABLE.tai_to_utc(TABLE.utc_to_tai(instant, leap_second=leaps)) == (instant, leaps)


def test_before_the_first_leap_second_tai_is_ten_seconds_ahead() -> None:
    assert TABLE.tai_to_utc(dt.datetime(1972, 1, 1, 0, 0, 10)) == (
        dt.datetime(1972, 1, 1, tzinfo=UTC),
        False,
    )


def test_gps_is_18_seconds_ahead_since_2017() -> None:
    new_year = dt.datetime(2017, 1, 1, tzinfo=UTC)

    assert TABLE.gps(new_year) - new_year.replace(tzinfo=None) == 18 * SECOND


def test_the_smear_is_monotone_and_meets_utc_at_noon() -> None:
    noon = EVE.replace(hour=12, minute=0, second=0)
    true = [noon + n * 3600 * SECOND for n in range(12)]
    shown = [TABLE.smear(one) for one in (*true, EVE)]
    shown += [TABLE.smear(EVE, leap_second=True)]
    shown += [TABLE.smear(EVE + SECOND + n * 3600 * SECOND) for n in range(13)]

    assert shown[0] == noon
    assert shown[-1] == noon + dt.timedelta(days=1)
    assert sorted(set(shown)) == shown
    assert TABLE.smear(noon - SECOND) == noon - SECOND


def test_an_expired_table_warns_and_1971_is_refused() -> None:
    with pytest.warns(ExpiredTableWarning, match="expiry"):
        TABLE.tai_offset(dt.datetime(2100, 1, 1, tzinfo=UTC))
    with pytest.raises(OutOfRangeError, match="before 1972"):
        TABLE.tai_offset(dt.datetime(1971, 12, 31, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "Leap\t2016\tDec\t31\t23:59:60\t+\tS\n", "#expires 5\n"])
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(DateTimeError, match="no leap second file"):
        LeapTable.parse(text)
