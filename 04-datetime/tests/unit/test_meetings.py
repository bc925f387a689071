"""Stored meetings that survive a law, and working hours that overlap."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
import io
import json
import zoneinfo

import pytest

from velvet_datetime.clock import Zone, get_zone
from velvet_datetime.errors import DateTimeError, UnknownZoneError
from velvet_datetime.meetings import FutureEvent, overlap_windows, reconcile
from velvet_datetime.posix_tz import LocalType
from velvet_datetime.tzif import build_tzif

BERLIN, UTC = "Europe/Berlin", dt.timezone.utc
NO_SUMMER = zoneinfo.ZoneInfo.from_file(
    io.BytesIO(build_tzif([], [LocalType(3600, False, "CET")], "CET-1")), "Europe/Berlin"
)


def new_law(key: str) -> Zone:
    return NO_SUMMER if key == BERLIN else get_zone(key)


def test_reconcile_reports_exactly_what_moves() -> None:
    events = [
        FutureEvent.plan(f"{month}", dt.datetime(2027, month, 1, 9), zone, tzdata="2026f")
        for month in (1, 7)
        for zone in (BERLIN, "America/New_York")
    ]

    changes = reconcile(events, new_law, tzdata="2027a")

    assert [(one.event.name, one.event.zone, one.shift) for one in changes] == [
        ("7", BERLIN, dt.timedelta(hours=1))
    ]
    assert (changes[0].new.wall, changes[0].new.tzdata) == (changes[0].event.wall, "2027a")
    assert reconcile(events) == []


def test_a_stored_event_comes_back() -> None:
    event = FutureEvent.plan(
        "review", dt.datetime(2027, 3, 28, 2, 30), BERLIN, how="later", tzdata="x"
    )

    assert FutureEvent.from_json(event.to_json()) == event
    assert json.loads(event.to_json())["wall"] == "2027-03-28T02:30:00"


@pytest.mark.parametrize(
    "change",
    [
        lambda f: {**f, "wall": "2027-01-01T09:00:00+01:00"},
        lambda f: {**f, "how": "guess"},
        lambda f: {**f, "wall": 5},
        lambda f: {**f, "resolved": "2027-01-01T09:00:00"},
        lambda f: {k: v for k, v in f.items() if k != "zone"},
        lambda f: {**f, "more": 1},
        lambda f: [],
    ],
)
def test_what_is_no_event_is_refused(change: object) -> None:
    fields = json.loads(FutureEvent.plan("x", dt.datetime(2027, 1, 1, 9), BERLIN).to_json())

    with pytest.raises(DateTimeError):
        FutureEvent.from_json(json.dumps(change(fields)))  # type: ignore[operator]
    with pytest.raises(DateTimeError):
        FutureEvent.from_json("[" * 100_000)


def test_two_cities_differ_by_four_hours_for_three_weeks() -> None:
    office = (dt.time(9), dt.time(17))
    hours = {"Europe/London": office, "America/New_York": office}

    found = overlap_windows(hours, dt.date(2026, 3, 1), dt.date(2026, 4, 4))

    assert len(found) == 35
    lengths = [(end - start) // dt.timedelta(hours=1) for start, end in found]
    assert lengths.count(4) == 21
    assert lengths.count(3) == 14


def test_a_night_shift_ends_on_the_next_day_and_keeps_its_true_length() -> None:
    night = {BERLIN: (dt.time(22), dt.time(6))}

    found = overlap_windows(night, dt.date(2026, 3, 28), dt.date(2026, 3, 29))

    assert [end - start for start, end in found] == [dt.timedelta(hours=7), dt.timedelta(hours=8)]


def test_a_skipped_day_has_no_window() -> None:
    day = {"Pacific/Apia": (dt.time(9), dt.time(17)), "UTC": (dt.time(0), dt.time(23, 59))}

    found = overlap_windows(day, dt.date(2011, 12, 29), dt.date(2011, 12, 31))

    assert all(end - start <= dt.timedelta(hours=8) for start, end in found)
    assert (
        len(
            list(
                overlap_windows(
                    {"Pacific/Apia": day["Pacific/Apia"]},
                    dt.date(2011, 12, 29),
                    dt.date(2011, 12, 31),
                )
            )
        )
        == 2
    )


def test_bad_questions_are_refused() -> None:
    with pytest.raises(DateTimeError):
        overlap_windows({}, dt.date(2026, 1, 1), dt.date(2026, 1, 2))
    with pytest.raises(UnknownZoneError, match="did you mean 'Europe/Berlin'"):
        overlap_windows(
            {"europe/berlin": (dt.time(9), dt.time(17))}, dt.date(2026, 1, 1), dt.date(2026, 1, 2)
        )
