"""Basic examples: what five forms of a time lose, gaps and folds, and days of 23 hours."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

from velvet.examples import example, main
from velvet_datetime.clock import UTC, to_wall
from velvet_datetime.ixdtf import format_ixdtf, parse_ixdtf
from velvet_datetime.resolve import (
    POLICIES,
    add_exact,
    add_wall,
    classify_local,
    day_length,
    resolve_local,
)

BERLIN = "Europe/Berlin"


@example("one_instant_five_ways")
def one_instant_five_ways() -> None:
    """The second 02:30 of a night in October, stored in five forms, and what each form loses."""
    second = dt.datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    local = second.astimezone(ZoneInfo(BERLIN))
    forms = {
        "naive local time": local.replace(tzinfo=None).isoformat(),
        "UTC": second.isoformat(),
        "local time and offset": local.isoformat(),
        "local time and zone": f"{local.replace(tzinfo=None).isoformat()} {BERLIN}",
        "offset and zone (RFC 9557)": format_ixdtf(second, BERLIN),
    }
    print(f"{'':28}{'which':>9}{'wall':>8}{'next':>8}")
    print(f"{'':28}{'instant':>9}{'clock':>8}{'summer':>8}")
    for name, text in forms.items():
        has_offset = "+" in text
        has_zone = BERLIN in text
        has_wall = name != "UTC"
        marks = ["yes" if has else "no" for has in (has_offset, has_wall, has_zone)]
        print(f"{name:28}{marks[0]:>9}{marks[1]:>8}{marks[2]:>8}")
    back = parse_ixdtf(forms["offset and zone (RFC 9557)"])
    print(f"\n{forms['offset and zone (RFC 9557)']}\n  reads back as {back.instant}")
    print("why: an offset fixes the instant and forgets the rule; a zone knows the rule")
    print("     and cannot tell the two 02:30 apart. Only both together lose nothing.")


@example("the_hour_that_never_was")
def the_hour_that_never_was() -> None:
    """A wall time in a gap and one in a fold, resolved by all four policies."""
    walls = (dt.datetime(2026, 3, 29, 2, 30), dt.datetime(2026, 10, 25, 2, 30))
    for wall in walls:
        info = classify_local(wall, BERLIN)
        print(f"{wall:%d %B %Y, %H:%M} in Berlin: a {info.kind.value} of {abs(info.shift)}")
        for how in POLICIES:
            try:
                instant = resolve_local(wall, BERLIN, how)
            except ValueError as error:
                print(f"  {how:11} {type(error).__name__}")
                continue
            shown = to_wall(instant, BERLIN)
            print(f"  {how:11} {instant:%H:%M}Z, the clock shows {shown:%H:%M}")
        naive = wall.replace(tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
        print(f"  {'tzinfo=':11} {naive:%H:%M}Z, without a word\n")
    print("why: the standard library never refuses; it picks the answer that RFC 5545")
    print("     calls for, and the caller never learns that there was a choice.")


@example("twenty_four_hours_is_not_a_day")
def twenty_four_hours_is_not_a_day() -> None:
    """Tomorrow at noon against 24 hours from now, and how long the days of a year really are."""
    noon = dt.datetime(2026, 3, 28, 12)
    start = resolve_local(noon, BERLIN)
    exact = add_exact(start, dt.timedelta(hours=24))
    calendar = add_wall(noon, BERLIN, days=1)
    print(f"28 March, noon, + 24 hours: {to_wall(exact, BERLIN):%d %B, %H:%M}")
    print(f"28 March, noon, + 1 day:    {to_wall(calendar, BERLIN):%d %B, %H:%M}\n")

    for zone in (BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"):
        days = (dt.date(2025, 1, 1) + dt.timedelta(days=n) for n in range(365))
        lengths = Counter(day_length(day, zone) / dt.timedelta(hours=1) for day in days)
        told = ", ".join(f"{lengths[hours]} of {hours:g} h" for hours in sorted(lengths))
        print(f"{zone:20} {told}")
    gone = day_length(dt.date(2011, 12, 30), "Pacific/Apia")
    print(f"30 December 2011 in Apia lasted {gone}: Samoa crossed the date line.")
    print("why: a day is a promise about the calendar, 24 hours are a promise about time;")
    print("     say which of the two you mean, and pick the function of that name.")


if __name__ == "__main__":
    main()
