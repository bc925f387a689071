"""Wall times in gaps and folds, and arithmetic over them."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
import pickle
from dataclasses import FrozenInstanceError

import pytest

from velvet_datetime import clock, errors, resolve

UTC = dt.timezone.utc
BERLIN = "Europe/Berlin"
GAP, FOLD = dt.datetime(2026, 3, 29, 2, 30), dt.datetime(2026, 10, 25, 2, 30)


def utc(*fields: int) -> dt.datetime:
    return dt.datetime(*fields, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "how", "hour"),
    [
        (GAP, "compatible", 1),
        (GAP, "later", 1),
        (GAP, "earlier", 0),
        (FOLD, "compatible", 0),
        (FOLD, "earlier", 0),
        (FOLD, "later", 1),
    ],
)
def test_four_policies(wall: dt.datetime, how: resolve.Disambiguation, hour: int) -> None:
    got = resolve.resolve_local(wall, BERLIN, how)

    assert got == utc(wall.year, wall.month, wall.day, hour, 30)
    assert got.tzinfo is UTC
    assert got.fold == 0


def test_a_gap_is_refused_with_its_ends() -> None:
    with pytest.raises(errors.NonexistentTimeError) as caught:
        resolve.resolve_local(GAP, BERLIN, "raise")

    assert caught.value.gap == (dt.datetime(2026, 3, 29, 2), dt.datetime(2026, 3, 29, 3))
    assert "clocks went from 2026-03-29 02:00:00 to 2026-03-29 03:00:00" in str(caught.value)


def test_a_fold_is_refused_with_both_instants() -> None:
    with pytest.raises(errors.AmbiguousTimeError, match="happens twice") as caught:
        resolve.resolve_local(FOLD, BERLIN, "raise")

    assert caught.value.candidates == (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30))


@pytest.mark.parametrize(
    ("wall", "kind", "hours"),
    [(GAP, "gap", 1), (FOLD, "fold", -1), (GAP.replace(hour=4), "unique", 0)],
)
def test_a_wall_time_is_classified(wall: dt.datetime, kind: str, hours: int) -> None:
    info = resolve.classify_local(wall, BERLIN)

    assert info.kind.value == kind
    assert info.shift == dt.timedelta(hours=hours)
    assert info.later - info.earlier == abs(info.shift)


@pytest.mark.parametrize(
    ("date", "zone", "hours"),
    [
        (dt.date(2026, 3, 29), BERLIN, 23),
        (dt.date(2026, 10, 25), BERLIN, 25),
        (dt.date(2026, 7, 1), BERLIN, 24),
        (dt.date(2011, 12, 30), "Pacific/Apia", 0),
        (dt.date(2025, 10, 5), "Australia/Lord_Howe", 23.5),
        (dt.date(2018, 11, 4), "America/Sao_Paulo", 23),
    ],
)
def test_a_day_lasts(date: dt.date, zone: str, hours: float) -> None:
    assert resolve.day_length(date, zone) == dt.timedelta(hours=hours)


def test_a_day_may_begin_at_one_o_clock() -> None:
    begins = resolve.start_of_day(dt.date(2018, 11, 4), "America/Sao_Paulo")

    assert clock.to_wall(begins, "America/Sao_Paulo") == dt.datetime(2018, 11, 4, 1)


def test_exact_and_calendar_arithmetic_differ_over_a_change() -> None:
    noon = dt.datetime(2026, 3, 28, 12)
    exact = resolve.add_exact(resolve.resolve_local(noon, BERLIN), dt.timedelta(hours=24))
    calendar = resolve.add_wall(noon, BERLIN, days=1)

    assert clock.to_wall(exact, BERLIN).hour == 13
    assert clock.to_wall(calendar, BERLIN).hour == 12
    assert clock.elapsed(calendar, exact) == dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("units", "date"),
    [
        ({"months": 1}, (2024, 2, 29)),
        ({"years": 1}, (2025, 1, 31)),
        ({"years": 1, "months": 1}, (2025, 2, 28)),
        ({"months": -2}, (2023, 11, 30)),
        ({"weeks": 1, "days": -1}, (2024, 2, 6)),
    ],
)
def test_months_clamp_to_their_end(units: dict[str, int], date: tuple[int, int, int]) -> None:
    moved = resolve.add_wall(dt.datetime(2024, 1, 31, 12), "UTC", **units)

    assert (moved.year, moved.month, moved.day) == date


def test_transitions_have_both_offsets_and_stop_before_the_end() -> None:
    found = resolve.transitions(BERLIN, utc(2026, 1, 1), utc(2026, 10, 25, 1))

    assert [(one.instant, one.shift, one.abbr) for one in found] == [
        (utc(2026, 3, 29, 1), dt.timedelta(hours=1), "CEST")
    ]
    with pytest.raises(FrozenInstanceError):
        found[0].abbr = "CET"  # type: ignore[misc]


def test_a_change_in_the_last_second_is_found_at_its_second() -> None:
    change = utc(2026, 3, 29, 1)

    found = resolve.transitions(BERLIN, utc(2026, 3, 28), change + dt.timedelta(seconds=0.5))

    assert [one.instant for one in found] == [change]


@pytest.mark.parametrize(
    "call",
    [
        lambda: resolve.resolve_local(dt.datetime(1, 1, 1), "Asia/Tokyo"),
        lambda: resolve.resolve_local(dt.datetime(9999, 12, 31, 23), "America/New_York"),
        lambda: resolve.add_exact(utc(9999, 12, 31), dt.timedelta(days=1)),
        lambda: resolve.add_wall(dt.datetime(9999, 12, 1), BERLIN, months=1),
        lambda: resolve.add_wall(dt.datetime(1, 1, 1), BERLIN, months=-1),
        lambda: resolve.day_length(dt.date(9999, 12, 31), "UTC"),
        lambda: resolve.day_length(dt.date(1, 1, 1), "Asia/Tokyo"),
        lambda: resolve.transitions(
            "Asia/Tokyo", utc(9999, 12, 1), dt.datetime.max.replace(tzinfo=UTC)
        ),
        lambda: resolve.transitions("America/New_York", utc(1, 1, 1), utc(2, 1, 1)),
        lambda: clock.to_wall(utc(9999, 12, 31, 23), "Asia/Tokyo"),
        lambda: clock.to_utc(dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))),
    ],
)
def test_the_ends_of_the_calendar_are_one_error(call: object) -> None:
    with pytest.raises(errors.OutOfRangeError) as caught:
        call()  # type: ignore[operator]

    assert isinstance(caught.value, OverflowError)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: clock.to_utc(dt.datetime(2026, 1, 1)), errors.NaiveDatetimeError),
        (lambda: clock.elapsed(utc(2026, 1, 1), dt.datetime(2026, 1, 1)), TypeError),
        (lambda: resolve.resolve_local(utc(2026, 1, 1), BERLIN), errors.DateTimeError),
        (lambda: resolve.classify_local(utc(2026, 1, 1), BERLIN), errors.DateTimeError),
        (lambda: resolve.resolve_local(GAP, BERLIN, "guess"), ValueError),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_wall_time_or_no_instant_is_refused(call: object, error: type) -> None:
    with pytest.raises(error):
        call()  # type: ignore[operator]


def test_the_first_day_of_the_calendar_is_not_called_its_last() -> None:
    with pytest.raises(errors.OutOfRangeError, match="0001-01-01"):
        resolve.day_length(dt.date(1, 1, 1), "Asia/Tokyo")


def test_a_zone_without_offsets_is_refused() -> None:
    class Nowhere(dt.tzinfo):
        def utcoffset(self, moment: dt.datetime | None) -> None:
            return None

    with pytest.raises(errors.DateTimeError, match="has no offset"):
        resolve.offsets(GAP, Nowhere())


def test_foreign_text_is_quoted_whole_up_to_55_characters() -> None:
    assert errors.quoted("x" * 55) == repr("x" * 55)
    assert errors.quoted("x" * 56) == repr("x" * 55) + "... (56 characters)"


@pytest.mark.parametrize(
    "error",
    [
        errors.NaiveDatetimeError(GAP),
        errors.UnknownZoneError("x", "y"),
        errors.NonexistentTimeError(GAP, BERLIN, (GAP, FOLD)),
        errors.AmbiguousTimeError(FOLD, BERLIN, (GAP, FOLD)),
        errors.ParseError("a", 1, "b"),
        errors.LeapSecondError("a", 1, "b"),
        errors.OffsetMismatchError("a", 1, "b"),
        errors.TzifError("bad"),
        errors.CronError("bad"),
        errors.OutOfRangeError("bad"),
    ],
)
def test_errors_survive_pickling(error: errors.DateTimeError) -> None:
    copied = pickle.loads(pickle.dumps(error))

    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)
    assert isinstance(error, ValueError)
