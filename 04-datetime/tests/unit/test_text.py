"""Texts: the examples of the RFCs, and the byte where reading stops."""

from __future__ import annotations

import datetime as dt

import pytest

from velvet_datetime import errors
from velvet_datetime.duration import Duration, parse_duration
from velvet_datetime.ixdtf import format_ixdtf, parse_ixdtf
from velvet_datetime.rfc3339 import format_rfc3339, parse_rfc3339, validate

UTC = dt.timezone.utc
LEAP = "2016-12-31T23:59:60Z"


@pytest.mark.parametrize(
    ("text", "instant"),
    [  # RFC 3339 section 5.8, and the rules that it states in words
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520000"),
        ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870000"),
        ("2026-01-01t00:00:00z", "2026-01-01T00:00:00"),
        ("2024-02-29T00:00:00+23:59", "2024-02-28T00:01:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
    ],
)
def test_a_valid_text_is_an_instant(text: str, instant: str) -> None:
    assert parse_rfc3339(text).instant.replace(tzinfo=None).isoformat() == instant
    assert validate(text) is None


@pytest.mark.parametrize(
    ("text", "position", "rule"),
    [
        ("", 0, "a digit is expected, the text ends"),
        ("2026", 4, "'-' is expected, the text ends"),
        ("2026-13-01T00:00:00Z", 5, "a month is 01 to 12"),
        ("2026-02-29T00:00:00Z", 8, "28 days"),
        ("2026-01-00T00:00:00Z", 8, "31 days"),
        ("2026-01-01 00:00:00Z", 10, "'T' is expected"),
        ("2026-01-01T24:00:00Z", 11, "an hour is 00 to 23"),
        ("2026-01-01T00:60:00Z", 14, "a minute"),
        ("2026-01-01T00:00:61Z", 17, "a second"),
        ("2026-01-01T00:00:00", 19, "an offset is Z"),
        ("2026-01-01T00:00:00.Z", 20, "after the point"),
        ("2026-01-01T00:00:00,5Z", 19, "an offset"),
        ("2026-01-01T00:00:00+24:00", 20, "hour is 00 to 23"),
        ("2026-01-01T00:00:00+1:00", 21, "offset"),
        ("2026-01-01T00:00:00+10:60", 23, "minute is 00 to 59"),
        ("2026-01-01T00:00:00+1000", 22, ""),
        ("2026-01-01T00:00:00Z\n", 20, "nothing may follow"),
        ("2026-01-01T00:00:00Zx", 20, "nothing"),
        ("1963-06-1\u09eaT00:00:00Z", 9, "a digit"),
        ("2026-01-01T00:00:0\ud800Z", 18, "a digit"),
        ("2016-12-31T23:58:60Z", 17, "only at 23:59:60 UTC"),
        (LEAP[:-1] + "+01:00", 17, "only at"),
        ("2026-W01-1", 5, "a digit"),
        ("\ufeff2026-01-01T00:00:00Z", 0, "a digit"),
        ("0000-01-01T00:00:00Z", 0, "outside the years"),
        ("0001-01-01T00:00:00+00:01", 0, "outside"),
        ("9" * 1_000_000, 4, "'-' is expected"),
        ("2026-01-01T00:00:00." + "1" * 10**6 + "Z", 84, "64"),
    ],
)
def test_a_bad_text_is_refused_at_its_byte(text: str, position: int, rule: str) -> None:
    with pytest.raises(errors.ParseError) as caught:
        parse_rfc3339(text)

    assert (caught.value.position, caught.value.text) == (position, text)
    assert rule in caught.value.rule
    str(caught.value).encode("ascii")
    assert len(str(caught.value)) < 250


def test_digits_beyond_microseconds_are_kept_to_the_nanosecond() -> None:
    stamp = parse_rfc3339("2026-01-01T00:00:00.123456789Z")

    assert (stamp.instant.microsecond, stamp.nanosecond) == (123456, 789)
    assert parse_rfc3339("2026-01-01T00:00:00.1234567891Z").nanosecond == 789
    with pytest.raises(errors.ParseError, match="would be lost") as caught:
        parse_rfc3339("2026-01-01T00:00:00.1234567891Z", fraction="raise")
    assert caught.value.position == 29


def test_a_leap_second_is_rejected_clamped_or_smeared() -> None:
    with pytest.raises(errors.LeapSecondError):
        parse_rfc3339(LEAP)
    clamped, smeared = (parse_rfc3339(LEAP, leap=how) for how in ("clamp", "smear"))

    assert clamped.leap_second
    assert str(clamped.instant) == "2016-12-31 23:59:59.999999+00:00"
    assert str(smeared.instant) == "2016-12-31 23:59:59.500006+00:00"
    assert parse_rfc3339("1990-12-31T15:59:60-08:00", leap="clamp").instant.day == 31


def test_the_table_knows_which_days_had_one() -> None:
    never = "2020-12-31T23:59:60Z"

    assert parse_rfc3339(never, leap="clamp").leap_second
    with pytest.raises(errors.ParseError, match="no leap second on 2020-12-31"):
        parse_rfc3339(never, leap="clamp", leap_check="table")
    assert parse_rfc3339(LEAP, leap="clamp", leap_check="table").leap_second


def test_an_unknown_local_offset_is_remembered() -> None:
    assert not parse_rfc3339("2026-01-01T00:00:00-00:00").offset_known
    assert parse_rfc3339("2026-01-01T00:00:00+00:00").offset_known
    assert parse_rfc3339("2026-01-01T00:00:00-07:30").offset == -dt.timedelta(hours=7, minutes=30)


@pytest.mark.parametrize(
    ("text", "kind", "position"),
    [
        ("2026-02-28", "full-date", None),
        ("2026-02-29", "full-date", 8),
        ("2026-02-28T", "full-date", 10),
        ("23:59:59.5Z", "full-time", None),
        ("23:59:60Z", "full-time", None),
        ("24:00:00Z", "full-time", 0),
        ("12:00:00", "full-time", 8),
        ("0000-02-29", "full-date", None),
        ("P1D", "duration", None),
        ("P1", "duration", 2),
    ],
)
def test_dates_times_and_durations_are_validated(
    text: str, kind: str, position: int | None
) -> None:
    found = validate(text, kind)  # type: ignore[arg-type]

    assert (found.position if found else None) == position


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        validate("x", "week")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "option",
    [{"leap": "clmap"}, {"leap_check": "tables"}, {"fraction": "round"}],
)
def test_a_mistyped_option_is_no_other_policy(option: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="choose one of"):
        parse_rfc3339(LEAP, **option)  # type: ignore[arg-type]


@pytest.mark.parametrize("option", [{"on_mismatch": "zone"}, {"disambiguation": "first"}])
def test_a_mistyped_option_decides_no_contradiction(option: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="choose one of"):
        parse_ixdtf("2026-01-01T12:00:00+02:00[Europe/Berlin]", **option)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("digits", "text"),
    [(None, "00:00:00.120000Z"), (0, "00:00:00Z"), (1, "00:00:00.1Z"), (6, "00:00:00.120000Z")],
)
def test_an_instant_is_written(digits: int | None, text: str) -> None:
    instant = dt.datetime(2026, 1, 1, 0, 0, 0, 120_000, UTC)

    assert format_rfc3339(instant, digits=digits) == f"2026-01-01T{text}"
    assert format_rfc3339(instant.replace(microsecond=0)) == "2026-01-01T00:00:00Z"
    with pytest.raises(ValueError, match="choose 0 to 6"):
        format_rfc3339(instant, digits=9)


@pytest.mark.parametrize(
    ("text", "zone", "hour"),
    [  # RFC 9557, sections 3 and 4
        ("2026-07-01T12:00:00+02:00[Europe/Berlin]", "Europe/Berlin", 10),
        ("2026-07-01T12:00:00Z[Europe/Berlin]", "Europe/Berlin", 12),
        ("2026-07-01T12:00:00-00:00[!Europe/Berlin]", "Europe/Berlin", 12),
        ("2026-07-01T12:00:00+02:00[+02:00][u-ca=hebrew]", "+02:00", 10),
        ("2026-07-01T12:00:00-02:30[-02:30]", "-02:30", 14),
        ("2026-07-01T12:00:00Z[x-other=1][_y=a-b]", None, 12),
        ("2026-07-01T12:00:00Z", None, 12),
        ("2026-10-25T02:30:00+01:00[Europe/Berlin]", "Europe/Berlin", 1),
    ],
)
def test_an_extended_text_carries_its_zone(text: str, zone: str | None, hour: int) -> None:
    got = parse_ixdtf(text)

    assert (got.zone, got.instant.hour) == (zone, hour)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("2026-01-01T12:00:00+02:00[!Europe/Berlin]", errors.OffsetMismatchError),
        ("2026-01-01T12:00:00+02:00[+01:00]", errors.OffsetMismatchError),
        ("2026-03-29T02:30:00+01:00[Europe/Berlin]", errors.OffsetMismatchError),
        ("2026-01-01T12:00:00Z[!x-unknown=1]", errors.ParseError),
        ("2026-01-01T12:00:00Z[!u-ca=a][u-ca=b]", errors.ParseError),
        ("2026-01-01T12:00:00Z[u-ca=a][Europe/Berlin]", errors.ParseError),
        ("2026-01-01T12:00:00Z[Europe/Berlin", errors.ParseError),
        ("2026-01-01T12:00:00Z[]", errors.ParseError),
        ("2026-01-01T12:00:00Z" + "[a=b]" * 1000, errors.ParseError),
        ("2026-01-01T12:00:00[Europe/Berlin]", errors.ParseError),
        ("2026-01-01T12:00:00Z[Europe/../etc/passwd]", errors.UnknownZoneError),
        ("2026-01-01T12:00:00Z[Europe/Berlin\0]", errors.UnknownZoneError),
        ("2026-01-01T12:00:00Z[/etc/localtime]", errors.UnknownZoneError),
        ("2026-01-01T12:00:00Z[\ud800]", errors.UnknownZoneError),
        ("2026-01-01T12:00:00Z[europe/berlin]", errors.UnknownZoneError),
    ],
)
def test_a_bad_suffix_is_refused(text: str, error: type[errors.DateTimeError]) -> None:
    with pytest.raises(error) as caught:
        parse_ixdtf(text)

    assert type(caught.value) is error


def test_a_contradiction_is_decided_by_the_caller() -> None:
    text = "2026-01-01T12:00:00+02:00[Europe/Berlin]"

    assert parse_ixdtf(text, on_mismatch="use_offset").instant.hour == 10
    assert parse_ixdtf(text, on_mismatch="use_zone").instant.hour == 11


def test_a_repeated_elective_tag_keeps_the_first() -> None:
    assert parse_ixdtf("2026-01-01T12:00:00Z[u-ca=a][u-ca=b]").tags == {"u-ca": "a"}


@pytest.mark.parametrize(
    ("instant", "zone"),
    [
        (dt.datetime(1, 1, 1, tzinfo=UTC), "America/New_York"),
        (dt.datetime(9999, 12, 31, 23, tzinfo=UTC), "Asia/Tokyo"),
    ],
)
def test_a_clock_outside_the_calendar_is_not_written(instant: dt.datetime, zone: str) -> None:
    with pytest.raises(errors.OutOfRangeError):
        format_ixdtf(instant, zone)


def test_an_offset_with_seconds_is_written_in_utc() -> None:
    old = dt.datetime(1890, 1, 1, 12, tzinfo=UTC)

    assert format_ixdtf(old, "Europe/Berlin") == "1890-01-01T12:00:00Z[Europe/Berlin]"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("P3W", {"weeks": 3}),
        (
            "P1Y2M3DT4H5M6S",
            {"years": 1, "months": 2, "days": 3, "hours": 4, "minutes": 5, "seconds": 6},
        ),
        ("PT36H", {"hours": 36}),
        ("P1M", {"months": 1}),
        ("PT1M", {"minutes": 1}),
    ],
)
def test_a_duration_is_read(text: str, fields: dict[str, int]) -> None:
    everything = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")

    assert parse_duration(text) == Duration(**fields)
    assert vars(parse_duration(text)) == {**dict.fromkeys(everything, 0), **fields}


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("P", 1),
        ("PT", 2),
        ("P1DT", 4),
        ("P1Y1D", 4),
        ("PT1H1S", 5),
        ("P1W1D", 4),
        ("P1D1W", 4),
        ("P1WT1H", 3),
        ("P1.5D", 2),
        ("PT1D", 3),
        ("1D", 0),
        ("P-1D", 1),
        ("P1D\n", 3),
        ("P1d", 2),
        ("P1M1Y", 4),
        ("P" + "1" * 10**6 + "D", 1),
        ("P\u09eaD", 1),
        ("PT1HT1M", 4),
        ("P1", 2),
    ],
)
def test_a_bad_duration_is_refused(text: str, position: int) -> None:
    with pytest.raises(errors.ParseError) as caught:
        parse_duration(text)

    assert caught.value.position == position


def test_only_clock_units_are_exact() -> None:
    assert parse_duration("P1DT36H").exact == dt.timedelta(hours=36)
