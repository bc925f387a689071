"""TZif files and POSIX rules: vectors of RFC 9636, what is refused, and what is written."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
import io
import struct
import zoneinfo

import pytest

from velvet_datetime.clock import EPOCH
from velvet_datetime.errors import TzifError, UnknownZoneError
from velvet_datetime.posix_tz import LocalType, PosixTZ
from velvet_datetime.resolve import resolve_local
from velvet_datetime.tzif import TZif, build_tzif, compiled

UTC = dt.timezone.utc
CET, CEST = LocalType(3600, False, "CET"), LocalType(7200, True, "CEST")
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"


def epoch(*fields: int) -> int:
    return int(dt.datetime(*fields, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("rule", "when", "abbr", "hours"),
    [
        (BERLIN, (2026, 3, 29, 0, 59), "CET", 1),
        (BERLIN, (2026, 3, 29, 1), "CEST", 2),
        (BERLIN, (2100, 7, 1), "CEST", 2),
        ("HST10", (2026, 7, 1), "HST", -10),
        ("<+0330>-3:30", (2026, 7, 1), "+0330", 3.5),
        # RFC 9636 section 3.3.1: times below 0 and beyond 24 h
        ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", (2026, 3, 29, 0, 59), "-03", -3),
        ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", (2026, 3, 29, 1), "-02", -2),
        ("EST5EDT,0/0,J365/25", (2026, 1, 1, 5), "EDT", -4),  # summer time all year
        ("EST5EDT,0/0,J365/25", (2026, 1, 1, 4), "EDT", -4),  # in the year before by its clocks
        ("IST-2IDT,M3.4.4/26,M10.5.0", (2026, 3, 26, 23, 59), "IST", 2),
        ("IST-2IDT,M3.4.4/26,M10.5.0", (2026, 3, 27), "IDT", 3),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", (2026, 12, 1), "GMT", 0),  # Dublin: winter is the exception
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", (2026, 1, 1), "AEDT", 11),
        ("XXX0YYY-2,J60,J61", (2024, 3, 1, 12), "YYY", 2),  # J60 is 1 March, leap year or not
        ("XXX0YYY,59,60", (2024, 2, 29, 12), "YYY", 1),  # 59 counts the leap day
        ("EST5EDT", (2026, 7, 1), "EDT", -4),
        # the last numbers that each kind of rule may have
        ("XXX0YYY,M1.1.0,365", (2024, 12, 30, 23), "YYY", 1),
        ("XXX0YYY,J1,M12.5.6", (2026, 12, 25), "YYY", 1),
        ("XXX0YYY,J1/167:59:59,J365", (2026, 1, 8), "YYY", 1),
        ("XXX24", (2026, 1, 1), "XXX", -24),
    ],
)
def test_a_rule_holds_for_ever(rule: str, when: tuple[int, ...], abbr: str, hours: float) -> None:
    found = PosixTZ.parse(rule).at(epoch(*when))

    assert (found.abbr, found.utoff) == (abbr, hours * 3600)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "CE-1",
        "CET",
        "CET-25",
        "CET-1:60",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J0,J365",
        "CET-1CEST,366,1",
        "CET-1CEST,J1,J366",
        "CET-1CEST,M0.1.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,J1/1:60,J365",
        "CET-1CEST,J1/1:00:60,J365",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,X,Y",
        "<CET>-1CEST,M3.5,M1.1.1",
        "A" * 10**6,
        "\ud800",
        "CET-1\n",
        "CET-\u0661",
    ],
)
def test_a_bad_rule_is_refused(rule: str) -> None:
    with pytest.raises(TzifError):
        PosixTZ.parse(rule)


def test_a_rule_without_summer_time_has_no_changes() -> None:
    with pytest.raises(TzifError, match="no summer time"):
        PosixTZ.parse("UTC0").changes(2026)
    with pytest.raises(TzifError, match="outside the years"):
        PosixTZ.parse(BERLIN).at(10**18)
    with pytest.raises(TzifError, match="outside the years"):
        PosixTZ.parse(BERLIN).changes(0)


def test_what_is_written_can_be_read_by_us_and_by_zoneinfo() -> None:
    data = build_tzif([(0, 1), (86_400, 0)], [CET, CEST], BERLIN)
    ours = TZif.parse(data)
    theirs = zoneinfo.ZoneInfo.from_file(io.BytesIO(data), "Test/Zone")

    for moment in (-1, 0, 86_399, 86_400, epoch(2026, 7, 1), epoch(2100, 12, 1)):
        local = (EPOCH + dt.timedelta(seconds=moment)).astimezone(theirs)
        assert local.utcoffset() == dt.timedelta(seconds=ours.at(moment).utoff)
        assert local.tzname() == ours.at(moment).abbr


def test_a_law_changes() -> None:
    before = resolve_local(dt.datetime(2027, 7, 1, 9), "Europe/Berlin")
    no_summer = zoneinfo.ZoneInfo.from_file(io.BytesIO(build_tzif([], [CET], "CET-1")), "New/Law")

    assert resolve_local(dt.datetime(2027, 7, 1, 9), no_summer) - before == dt.timedelta(hours=1)


def test_a_file_of_version_1_has_no_rule_for_the_future() -> None:
    data = compiled("Europe/Berlin")
    old = data[:4] + b"\0" + data[5:]

    assert TZif.parse(old).footer is None
    assert TZif.parse(old).version == 1
    built = build_tzif([], [CET], "CET-1")
    assert TZif.parse(built[:4] + b"\0" + built[5:]).types == (LocalType(0, False, ""),)


def test_leap_seconds_in_a_file_are_passed_over() -> None:
    footer = b"\nCET-1\n"
    data = build_tzif([], [CET], "CET-1").removesuffix(footer)
    count = data.rindex(b"TZif") + 28  # the third number of the second header
    leap = struct.pack(">ql", 78_796_800, 1)
    found = TZif.parse(data[:count] + struct.pack(">l", 1) + data[count + 4 :] + leap + footer)

    assert (found.types, found.footer) == ((CET,), PosixTZ.parse("CET-1"))


@pytest.mark.parametrize(
    ("transitions", "types", "footer"),
    [
        ([(5, 0), (5, 0)], [CET], ""),
        ([(5, 0), (4, 0)], [CET], ""),
        ([(0, 1)], [CET], ""),
        ([], [], ""),
        ([], [LocalType(93_600, False, "X")], ""),
        ([], [CET], "nonsense"),
        ([], [CET], "CET-1\nCEST"),
        ([], [CET], "\u00e9\u00e9\u00e9-1"),
        ([(2**70, 0)], [CET], ""),
        ([(1, 300)], [CET], ""),
        ([], [LocalType(2**40, False, "CET")], ""),
        ([], [LocalType(0, False, "A\0B")], ""),
        ([], [LocalType(0, False, "\u00e9")], ""),
        ([], [LocalType(0, False, f"ABC{n:03}") for n in range(200)], ""),
    ],
)
def test_what_could_not_be_read_back_is_not_written(
    transitions: list[tuple[int, int]], types: list[LocalType], footer: str
) -> None:
    with pytest.raises(TzifError):
        build_tzif(transitions, types, footer)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: b"",
        lambda d: b"TZiX" + d[4:],
        lambda d: d[:4] + b"9" + d[5:],
        lambda d: d[:20] + b"\x7f\xff\xff\xff" * 6 + d[44:],
        lambda d: d[:20] + b"\xff" * 24 + d[44:],
        lambda d: d + b"x",
        lambda d: d[:-1] + b"x",
    ],
)
def test_a_damaged_file_is_refused_before_anything_is_allocated(change: object) -> None:
    data = compiled("Europe/Berlin")
    damaged = change(data)  # type: ignore[operator]

    if damaged == data + b"x":  # bytes after the footer are no damage
        assert TZif.parse(damaged) == TZif.parse(data)
        return
    with pytest.raises(TzifError):
        TZif.parse(damaged)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Asia/Pyongyang"])
def test_a_file_cut_at_any_byte_is_refused(zone: str) -> None:
    data = compiled(zone)

    for end in range(len(data)):
        with pytest.raises(TzifError):
            TZif.parse(data[:end])


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "Europe", "europe/berlin", "a" * 10**6])
def test_no_path_is_made_from_an_unknown_key(key: str) -> None:
    with pytest.raises(UnknownZoneError):
        compiled(key)
