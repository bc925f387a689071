"""Intermediate examples: who is silently wrong, what parsers accept, the nightly job, meetings."""

from __future__ import annotations

import datetime as dt
import importlib.util
import warnings

from velvet.examples import example, main
from velvet_datetime import nightly
from velvet_datetime.clock import UTC, to_wall
from velvet_datetime.contenders import installed
from velvet_datetime.errors import ParseError
from velvet_datetime.matrix import Verdict, run_matrix
from velvet_datetime.meetings import overlap_windows
from velvet_datetime.parsers import NAMES, instant_of, parser
from velvet_datetime.rfc3339 import parse_rfc3339
from velvet_datetime.samples.cases import categories
from velvet_datetime.schedule import Schedule
from velvet_datetime.truth import only_tzdata


@example("who_is_silently_wrong")
def who_is_silently_wrong() -> None:
    """Every installed engine on every case: how many answers are wrong without an error."""
    engines = {name: one for name, one in installed().items() if name != "pytz_misused"}
    with only_tzdata():
        matrix = run_matrix(engines)
    short = ["gap", "fold", "exact", "days", "month", "diff", "equal"]
    short += ["2038+", "past", "laws", "trips", "texts"]
    print(f"{'silently wrong':14}" + "".join(f"{word:>5}" for word in (*short, "all")))
    for name in engines:
        counts = [matrix.score(name, each)[Verdict.SILENTLY_WRONG] for each in categories()]
        cells = [str(count or ".") for count in (*counts, sum(counts))]
        print(f"{name:14}" + "".join(f"{cell:>5}" for cell in cells))
    print()
    wanted = ("exact time over a change", "difference", "after 2037")
    shown = [
        (name, cell)
        for name in engines
        for cell in matrix.wrong(name)[:9]
        if cell.case.category in wanted
    ]
    for name, cell in shown[:: max(1, len(shown) // 5)][:5]:
        print(f"{name}: {cell.case.question}\n  {cell.got}, right is {cell.case.expected}")
    print("why: none of these raised. An engine that refuses is found by the first test;")
    print("     a wrong hour is found by a customer, in spring.")


TEXTS = {
    "T24:00:00Z": "2026-01-01T24:00:00Z",
    "+24:00": "2026-01-01T12:00:00+24:00",
    "+10:60": "2026-01-01T12:00:00+10:60",
    "final newline": "2026-01-01T12:00:00Z\n",
    "Bengali digit": "1963-06-1\u09eaT12:00:00Z",
    "week date": "2026-W01-1T12:00:00Z",
    "comma": "2026-01-01T12:00:00,5Z",
    ":60": "2016-12-31T23:59:60Z",
}


@example("parser_shootout")
def parser_shootout() -> None:
    """Eight texts that RFC 3339 forbids or no datetime can hold, and which parsers take them."""
    known = []
    for name in NAMES:
        try:
            parser(name)
            known.append(name)
        except ImportError:
            print(f"{name} is not installed: pip install -r requirements.txt")
    print(f"{'':18}" + " ".join(f"{label:>6.6}" for label in TEXTS))
    for name in known:
        cells = []
        for text in TEXTS.values():
            try:
                instant_of(name, text)
                cells.append("TAKEN")
            except Exception:  # noqa: BLE001 - each parser has its own types
                cells.append(".")
        print(f"{name:18}" + " ".join(f"{cell:>6}" for cell in cells))
    print()
    for label, text in list(TEXTS.items())[:5]:
        try:
            parse_rfc3339(text)
        except ParseError as error:
            print(f"{label:14} byte {error.position:2}: {error.rule}")
    print("why: most of these parse ISO 8601, a larger language with other rules. For what")
    print("     strangers send, name the grammar and refuse the rest.")


@example("nightly_job")
def nightly_job() -> None:
    """Two years of nights in seven zones: how often each scheduler runs twice, never, or late."""
    span = {"first": dt.date(2024, 1, 1), "last": dt.date(2025, 12, 31)}
    print(f"{'731 nights a zone':19}{'twice':>6}{'never':>7}{'wrong time':>12}{'moved':>7}")
    for name, (scheduler, needs) in nightly.SCHEDULERS.items():
        if needs and importlib.util.find_spec(needs) is None:
            print(f"{name:14} not installed: pip install {needs}")
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [nightly.simulate(scheduler, zone, **span) for zone in nightly.ZONES]
        twice, never = sum(one.duplicates for one in found), sum(one.missed for one in found)
        late, moved = sum(one.wrong_wall for one in found), sum(one.moved for one in found)
        print(f"{name:19}{twice:>6}{never:>7}{late:>12}{moved:>7}")
    job = Schedule.of(nightly.ZONES["Europe/Berlin"], "Europe/Berlin")
    print("\nours, the nights around 29 March 2026 in Berlin:")
    for run in job.iter(dt.datetime(2026, 3, 28, tzinfo=UTC), dt.datetime(2026, 3, 31, tzinfo=UTC)):
        print(f"  {to_wall(run, 'Europe/Berlin'):%d %B, %H:%M}")
    print("why: 'every night at 02:30' has no meaning on two nights of the year until a")
    print("     policy gives it one. Moved runs are those nights, by a rule we chose.")


@example("meeting_finder")
def meeting_finder() -> None:
    """When three offices work at the same time, week by week through a March of clock changes."""
    office = (dt.time(8), dt.time(18))
    hours = {"Europe/London": office, "America/New_York": office, "Europe/Berlin": office}
    found = overlap_windows(hours, dt.date(2026, 3, 2), dt.date(2026, 4, 5))
    print(f"{'Monday':12}{'London':>14}{'New York':>15}{'Berlin':>15}{'together':>10}")
    for start, end in found[::7]:
        row = [f"{to_wall(start, zone):%H:%M}-{to_wall(end, zone):%H:%M}" for zone in hours]
        length = (end - start) / dt.timedelta(hours=1)
        print(f"{to_wall(start, 'Europe/London'):%d %B}".ljust(12), end="")
        print(f"{row[0]:>14}{row[1]:>15}{row[2]:>15}{length:>8g} h")
    lengths = [(end - start) / dt.timedelta(hours=1) for start, end in found]
    print(f"\ndays with one more hour together: {sum(one > min(lengths) for one in lengths)}")
    print("why: America changes its clocks two to three weeks before Europe. A meeting")
    print("     stored as UTC moves for one side; one stored as a wall time moves for the")
    print("     other. Decide whose calendar the meeting belongs to, and store that.")


if __name__ == "__main__":
    main()
