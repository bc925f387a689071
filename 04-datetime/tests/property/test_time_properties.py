"""What holds for every zone and every time: round trips, order, and no instant lost."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from velvet_datetime.bulk import ZoneTable, column
from velvet_datetime.clock import EPOCH, elapsed, to_wall
from velvet_datetime.cron import Cron
from velvet_datetime.duration import parse_duration
from velvet_datetime.errors import CronError, DateTimeError, ParseError
from velvet_datetime.ixdtf import format_ixdtf, parse_ixdtf
from velvet_datetime.resolve import (
    LocalKind,
    add_wall,
    classify_local,
    resolve_local,
    transitions,
)
from velvet_datetime.rfc3339 import parse_rfc3339, validate
from velvet_datetime.schedule import Schedule
from velvet_datetime.truth import only_tzdata
from velvet_datetime.tzif import TZif, compiled

UTC = dt.timezone.utc
LOW, HIGH = dt.datetime(1900, 1, 2, tzinfo=UTC), dt.datetime(2099, 12, 30, tzinfo=UTC)
ZONES = sorted(
    {
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "Europe/Dublin",
        "Africa/Casablanca",
        "America/Havana",
        "Pacific/Apia",
        "Asia/Pyongyang",
        "America/St_Johns",
    }
)
with only_tzdata():
    CHANGES = {
        zone: transitions(
            zone, dt.datetime(1970, 1, 1, tzinfo=UTC), dt.datetime(2040, 1, 1, tzinfo=UTC)
        )
        for zone in ZONES
    }
MICROSECOND = dt.timedelta(microseconds=1)
zones = st.sampled_from(ZONES)
spread = st.datetimes(LOW.replace(tzinfo=None), HIGH.replace(tzinfo=None), timezones=st.just(UTC))


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[str, dt.datetime]:
    """Draw a zone and an instant within three hours of one of its changes."""
    zone = draw(zones)
    change = draw(st.sampled_from(CHANGES[zone])).instant
    return zone, change + dt.timedelta(seconds=draw(st.integers(-10_800, 10_800)))


moments = st.one_of(st.tuples(zones, spread), near_a_change())


@given(moments)
def test_every_instant_is_one_of_what_its_wall_time_means(moment: tuple[str, dt.datetime]) -> None:
    zone, instant = moment
    wall = to_wall(instant, zone)
    info = classify_local(wall, zone)

    assert info.kind is not LocalKind.GAP
    assert instant in (info.earlier, info.later)
    if info.kind is LocalKind.UNIQUE:
        assert {resolve_local(wall, zone, how) for how in ("compatible", "earlier", "later", "raise")} == {instant}  # type: ignore[arg-type]
    else:
        assert info.later - info.earlier == -info.shift
        assert to_wall(info.earlier, zone) == to_wall(info.later, zone) == wall


@given(
    st.sampled_from([(z, c) for z in ZONES for c in CHANGES[z] if c.shift > dt.timedelta(0)]),
    st.floats(0, 0.999),
)
def test_a_wall_time_in_a_gap_is_shown_by_no_instant(pair: tuple, share: float) -> None:  # type: ignore[type-arg]
    zone, change = pair
    wall = (change.instant + change.before + share * change.shift).replace(tzinfo=None)

    info = classify_local(wall, zone)

    assert info.kind is LocalKind.GAP
    assert info.earlier < info.later
    assert to_wall(info.earlier, zone) < wall < to_wall(info.later, zone) or share == 0


@given(st.sampled_from([(z, c) for z in ZONES for c in CHANGES[z]]))
def test_no_instant_is_lost_across_a_change(pair: tuple) -> None:  # type: ignore[type-arg]
    """Walk over a change minute by minute: UTC rises, and every wall time leads back."""
    zone, change = pair
    previous = None
    for minutes in range(-150, 150, 10):
        instant = change.instant + dt.timedelta(minutes=minutes)
        info = classify_local(to_wall(instant, zone), zone)
        assert instant in (info.earlier, info.later)
        assert previous is None or previous < instant
        previous = instant


@given(spread, spread, spread)
def test_elapsed_time_adds_up(one: dt.datetime, two: dt.datetime, three: dt.datetime) -> None:
    local = [moment.astimezone(zoneinfo.ZoneInfo("Europe/Berlin")) for moment in (one, two, three)]

    assert elapsed(local[0], local[1]) + elapsed(local[1], local[2]) == three - one


@given(moments, st.integers(-400, 400))
def test_calendar_days_there_and_back(moment: tuple[str, dt.datetime], days: int) -> None:
    zone, instant = moment
    wall = to_wall(instant, zone)
    assume(1902 < instant.year < 2098)
    there = to_wall(add_wall(wall, zone, days=days), zone)
    assume(there == wall + dt.timedelta(days=days))  # no gap on the way

    back = add_wall(there, zone, days=-days)

    assert back == resolve_local(wall, zone)


@given(moments)
def test_writing_and_reading_is_the_identity(moment: tuple[str, dt.datetime]) -> None:
    zone, instant = moment

    back = parse_ixdtf(format_ixdtf(instant, zone))

    assert (back.instant, back.zone) == (instant, zone)


@given(spread, st.integers(0, 999), st.integers(-1439, 1439))
def test_nanoseconds_and_offsets_survive(instant: dt.datetime, nano: int, minutes: int) -> None:
    zone = dt.timezone(dt.timedelta(minutes=minutes))
    local = instant.astimezone(zone)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond:06}{nano:03}{sign}{hours:02}:{rest:02}"

    stamp = parse_rfc3339(text)

    assert (stamp.instant, stamp.nanosecond) == (instant, nano)


almost = st.lists(
    st.sampled_from(
        list("0123456789-:TtZz.+,P[]!=W \n\u0661\ud800")
        + ["2026-01-01", "T12:00:00", "[Europe/Berlin]", "[u-ca=x]", "P1D"]
    ),
    max_size=12,
).map("".join)


@given(st.one_of(st.text(), almost))
@example("2026-02-30T00:00:00Z")
def test_any_text_is_an_instant_or_a_parse_error(text: str) -> None:
    for parse in (parse_rfc3339, parse_ixdtf, parse_duration):
        try:
            parse(text)
        except (ParseError, DateTimeError) as error:
            assert str(error).isascii()  # noqa: PT017
    try:
        parse_rfc3339(text)
    except ParseError as error:
        found = validate(text)
        assert found is None or found.position == error.position  # noqa: PT017


@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(st.sampled_from(list("*/-,0123456789L MON")), max_size=30).map("".join),
    )
)
def test_any_text_is_an_expression_or_a_cron_error(text: str) -> None:
    try:
        cron = Cron.parse(text)
    except CronError:
        return
    wall = cron.next_wall(dt.datetime(2026, 1, 1))
    assert cron.matches(wall)


fields = st.tuples(
    st.sampled_from(["0", "*/20", "30", "5,35", "10-12"]),
    st.sampled_from(["*", "0", "1", "2", "3", "1-3", "*/6"]),
    st.sampled_from(["*", "*", "L", "25-31"]),
    st.sampled_from(["*", "3,10", "11"]),
    st.sampled_from(["*", "*", "0"]),
).map(" ".join)


@given(
    fields,
    near_a_change(),
    st.sampled_from(["run_after", "shift", "skip"]),
    st.sampled_from(["first", "last", "both"]),
    st.booleans(),
)
@settings(max_examples=40)
def test_runs_rise_and_each_is_a_match_or_a_moved_gap(text, moment, gap, fold, follow) -> None:  # type: ignore[no-untyped-def]
    zone, instant = moment
    schedule = Schedule(Cron.parse(text), zone, gap, fold, follow)
    span = dt.timedelta(hours=30)

    runs = list(schedule.iter(instant - span, instant + span))

    assert runs == sorted(set(runs))
    for run in runs:
        wall = to_wall(run, zone)
        moved = any(abs(run - change.instant) <= abs(change.shift) for change in CHANGES[zone])
        assert schedule.cron.matches(wall) or (moved and gap != "skip")
    # Asking at any moment between two runs gives the second one.
    for run in runs:
        assert schedule.next_after(run - MICROSECOND) == run
    # What minute by minute search finds, where nothing moves.
    if gap == "skip" and fold == "both":
        minutes = range(int(span.total_seconds()) // 30)
        start = (instant - span + dt.timedelta(seconds=59)).replace(second=0, microsecond=0)
        walked = [start + dt.timedelta(minutes=n) for n in minutes]
        expected = [
            m for m in walked if schedule.cron.matches(to_wall(m, zone)) and m < instant + span
        ]
        assert runs == expected


@given(zones, st.lists(spread, max_size=20))
def test_a_table_is_zoneinfo_row_by_row(zone: str, instants: list[dt.datetime]) -> None:
    table = ZoneTable.build(
        zone, dt.datetime(1970, 1, 1, tzinfo=UTC), dt.datetime(2040, 1, 1, tzinfo=UTC)
    )
    rows = [one for one in instants if 1971 <= one.year < 2039]
    rows += [change.instant + n * MICROSECOND for change in CHANGES[zone][1:-1] for n in (-1, 0)]

    walls = table.utc_to_wall(column(rows))

    assert walls.tolist() == [to_wall(one, zone) for one in rows]
    for how in ("compatible", "earlier", "later"):
        got, _ = table.wall_to_utc(walls, how)  # type: ignore[arg-type]
        assert got.tolist() == [resolve_local(wall, zone, how).replace(tzinfo=None) for wall in walls.tolist()]  # type: ignore[arg-type]


@given(zones, st.integers(-3_000_000_000, 13_000_000_000))
def test_a_file_read_by_hand_agrees_with_zoneinfo(zone: str, epoch: int) -> None:
    local = (EPOCH + dt.timedelta(seconds=epoch)).astimezone(zoneinfo.ZoneInfo(zone))

    found = TZif.parse(compiled(zone)).at(epoch)

    assert dt.timedelta(seconds=found.utoff) == local.utcoffset()
    assert found.abbr == local.tzname()


@pytest.mark.parametrize("seed", range(20))
def test_cron_matches_as_cronsim_does(seed: int) -> None:
    """Fifteen random expressions a seed, away from any zone."""
    import random

    cronsim = pytest.importorskip("cronsim")
    rng = random.Random(seed)

    def field(low: int, high: int) -> str:
        a, b = sorted(rng.sample(range(low, high + 1), 2))
        return rng.choice(
            ["*", str(a), f"{a}-{b}", f"{a},{b}", f"*/{rng.randint(2, 9)}", f"{a}-{b}/2"]
        )

    for _ in range(15):
        text = " ".join([field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)])
        start = dt.datetime(2026, rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23))
        theirs = cronsim.CronSim(text, start)
        wall, ours = start, Cron.parse(text)
        for _ in range(5):
            wall = ours.next_wall(wall)
            assert wall == next(theirs), text
