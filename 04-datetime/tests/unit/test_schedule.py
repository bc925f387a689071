"""Cron expressions, schedules over gaps and folds, ledgers, and ten years of nights."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
import itertools
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from velvet_datetime import nightly
from velvet_datetime.clock import to_wall
from velvet_datetime.cron import Cron
from velvet_datetime.errors import CronError, OutOfRangeError, UnknownZoneError
from velvet_datetime.schedule import Fold, Gap, RunLedger, Schedule

UTC = dt.timezone.utc
BERLIN = "Europe/Berlin"
THURSDAY = dt.datetime(2026, 1, 1, 12, 34, 56)


def utc(*fields: int) -> dt.datetime:
    return dt.datetime(*fields, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("* * * * *", (2026, 1, 1, 12, 35)),
        ("*/15 * * * *", (2026, 1, 1, 12, 45)),
        ("0 0 * * *", (2026, 1, 2, 0, 0)),
        ("30 2 L * *", (2026, 1, 31, 2, 30)),
        ("0 9 * * MON", (2026, 1, 5, 9, 0)),
        ("0 9 * * 7", (2026, 1, 4, 9, 0)),
        ("0 9 * * fri-sat", (2026, 1, 2, 9, 0)),
        ("0 0 29 2 *", (2028, 2, 29, 0, 0)),
        ("0 0 13 * 5", (2026, 1, 2, 0, 0)),  # either day
        ("0 0 13 * */2", (2026, 1, 13, 0, 0)),  # a field that begins with * restricts as well
        ("5-10/5,50 12 * * *", (2026, 1, 1, 12, 50)),
        ("0 0 1 jan,jul *", (2026, 7, 1, 0, 0)),
        ("3/20 * * * *", (2026, 1, 1, 12, 43)),
        ("0 0 15,L 2 *", (2026, 2, 15, 0, 0)),
        ("0 0 L 2 1", (2026, 2, 2, 0, 0)),
        ("34 12 * * *", (2026, 1, 2, 12, 34)),
        ("0 0 31 12 *" + " " * 489, (2026, 12, 31, 0, 0)),  # as long as it may be
    ],
)
def test_the_next_match(text: str, wall: tuple[int, ...]) -> None:
    cron = Cron.parse(text)

    assert cron.next_wall(THURSDAY) == dt.datetime(*wall)  # type: ignore[arg-type]
    assert cron.matches(dt.datetime(*wall))  # type: ignore[arg-type]
    assert not cron.matches(dt.datetime(2026, 1, 3, 11, 59)) or text == "* * * * *"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "61 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * 1,32 * *",
        "* 1,24 * * *",
        "* * 0,1 * *",
        "* * * 0,1 * ",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "0 0 31 9,11 *",
        "1,,2 * * * *",
        "*-5 * * * *",
        "x * * * *",
        "-1 * * * *",
        "1.5 * * * *",
        "* * * foo *",
        "\u0661 * * * *",
        "1" * 10**6,
        "\ud800 * * * *",
        "0\u2003 0 * * *",
        "* * LW * *",
        "1-2-3 * * * *",
        "0 0 31 12 *" + " " * 490,
        "9999999999 * * * *",
    ],
)
def test_a_bad_expression_is_refused(text: str) -> None:
    with pytest.raises(CronError) as caught:
        Cron.parse(text)

    str(caught.value).encode("ascii")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (3, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        (4, ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    ],
)
def test_a_word_is_the_number_of_its_month_or_day(field: int, words: list[str]) -> None:
    for number, word in enumerate(words, 1):
        spelled, counted = ["0", "0", "*", "*", "*"], ["0", "0", "*", "*", "*"]
        spelled[field], counted[field] = word.title(), str(number)
        runs = [Cron.parse(" ".join(one)).next_wall(THURSDAY) for one in (spelled, counted)]
        assert runs[0] == runs[1]


def test_no_match_before_the_end_of_the_calendar_is_an_error() -> None:
    with pytest.raises(OutOfRangeError):
        Cron.parse("0 0 29 2 *").next_wall(dt.datetime(9997, 1, 1))
    with pytest.raises(OutOfRangeError):
        Schedule.of("0 0 1 1 *", "UTC").next_after(utc(9999, 6, 1))
    with pytest.raises(OutOfRangeError, match="year 1"):
        next(Schedule.of("0 0 1 1 *", "UTC").iter(utc(1, 1, 1), utc(1, 1, 5)))


@pytest.mark.parametrize(
    ("gap", "runs"),
    [
        ("run_after", ["01:00"]),
        ("shift", ["01:30"]),
        ("skip", []),
    ],
)
def test_a_gap_has_three_policies(gap: Gap, runs: list[str]) -> None:
    schedule = Schedule(Cron.parse("30 2 * * *"), BERLIN, gap)

    got = schedule.iter(utc(2026, 3, 29), utc(2026, 3, 29, 12))

    assert [f"{run:%H:%M}" for run in got] == runs


@pytest.mark.parametrize(
    ("fold", "runs"), [("first", ["00:30"]), ("last", ["01:30"]), ("both", ["00:30", "01:30"])]
)
def test_a_fold_has_three_policies(fold: Fold, runs: list[str]) -> None:
    schedule = Schedule(Cron.parse("30 2 * * *"), BERLIN, fold=fold)

    got = schedule.iter(utc(2026, 10, 25), utc(2026, 10, 25, 12))

    assert [f"{run:%H:%M}" for run in got] == runs


def test_a_shifted_run_stays_in_order_with_what_follows_the_gap() -> None:
    schedule = Schedule(Cron.parse("0,30 2,3 * * *"), BERLIN, "shift", follow_clock=False)

    got = [f"{run:%H:%M}" for run in schedule.iter(utc(2026, 3, 29), utc(2026, 3, 29, 12))]

    assert got == ["01:00", "01:30"]


@pytest.mark.parametrize(("day", "runs"), [((2026, 3, 29), 92), ((2026, 10, 25), 100)])
def test_a_wildcard_follows_the_clock(day: tuple[int, int, int], runs: int) -> None:
    start = dt.datetime(*day)
    schedule = Schedule.of("*/15 * * * *", BERLIN)
    hour = dt.timedelta(hours=1)

    got = list(
        schedule.iter(
            (start - 3 * hour).replace(tzinfo=UTC), (start + 30 * hour).replace(tzinfo=UTC)
        )
    )

    assert sum(to_wall(run, BERLIN).date() == start.date() for run in got) == runs
    assert {b - a for a, b in itertools.pairwise(got)} == {dt.timedelta(minutes=15)}


def test_the_rules_have_names() -> None:
    gaps = {
        rules: [
            f"{run:%H:%M}"
            for run in Schedule.of("30 2 * * *", BERLIN, rules).iter(
                utc(2026, 3, 29), utc(2026, 3, 29, 9)
            )
        ]
        for rules in ("vixie", "rfc5545", "temporal")
    }

    assert gaps == {"vixie": ["01:00"], "rfc5545": [], "temporal": ["01:30"]}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Schedule.of("* * * * *", "Mars/Base"), UnknownZoneError),
        (lambda: Schedule.of("* * * * *", BERLIN, "quartz"), CronError),
        (lambda: Schedule(Cron.parse("* * * * *"), BERLIN, gap="guess"), CronError),  # type: ignore[arg-type]
        (lambda: Schedule(Cron.parse("* * * * *"), BERLIN, fold="guess"), CronError),  # type: ignore[arg-type]
    ],
)
def test_unknown_zones_and_policies_are_refused(call: object, error: type) -> None:
    with pytest.raises(error):
        call()  # type: ignore[operator]


def test_a_run_is_claimed_once_by_many_threads() -> None:
    ledger = RunLedger()
    wall = dt.datetime(2026, 3, 29, 2, 30)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: ledger.claim("backup", wall, BERLIN), range(64)))

    assert won.count(True) == 1
    assert ledger.claim("backup", wall, BERLIN, 1)
    assert ledger.claim("report", wall, BERLIN)


@pytest.mark.parametrize("zone", nightly.ZONES)
def test_ten_years_of_nights_without_a_fault(zone: str) -> None:
    found = nightly.simulate(nightly.ours, zone)

    assert (found.nights, found.runs, found.faults) == (3653, 3653, 0)
    assert found.moved <= 10


@pytest.mark.parametrize(
    ("name", "zone", "duplicates", "missed"),
    [
        ("utc_plus_24h", BERLIN, 0, 0),
        ("croniter", BERLIN, 2, 0),
        ("cronsim", BERLIN, 0, 0),
        ("apscheduler", BERLIN, 2, 0),
        ("apscheduler", "America/Havana", 2, 2),
    ],
)
def test_what_the_others_do_in_two_years(
    name: str, zone: str, duplicates: int, missed: int
) -> None:
    scheduler, needs = nightly.SCHEDULERS[name]
    if needs:
        pytest.importorskip(needs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = nightly.simulate(
            scheduler, zone, first=dt.date(2024, 1, 1), last=dt.date(2025, 12, 31)
        )

    assert (found.duplicates, found.missed) == (duplicates, missed)
    assert (found.wrong_wall > 300) is (name == "utc_plus_24h")
