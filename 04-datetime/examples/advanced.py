"""Advanced examples: a law that changes, a zone file, a leap second, a million rows."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
import io
import time
import zoneinfo

import numpy as np

from velvet.examples import example, main
from velvet_datetime.bulk import ZoneTable
from velvet_datetime.clock import UTC, Zone, get_zone, to_wall
from velvet_datetime.contenders import installed
from velvet_datetime.errors import LeapSecondError
from velvet_datetime.leap import LeapTable
from velvet_datetime.meetings import FutureEvent, reconcile
from velvet_datetime.posix_tz import LocalType
from velvet_datetime.rfc3339 import parse_rfc3339
from velvet_datetime.tzif import TZif, build_tzif, compiled

BERLIN = "Europe/Berlin"


@example("law_change")
def law_change() -> None:
    """A parliament abolishes summer time, and the stored meetings that this moves are named."""
    monday = dt.datetime(2027, 1, 4, 9)
    events = [
        FutureEvent.plan(f"review {n + 1}", monday + n * dt.timedelta(weeks=1), zone, tzdata="old")
        for n, zone in enumerate([BERLIN, "America/New_York"] * 20)
    ]
    # The new law as a zone file: Central European Time for ever.
    data = build_tzif([], [LocalType(3600, False, "CET")], "CET-1")
    winter = zoneinfo.ZoneInfo.from_file(io.BytesIO(data), BERLIN)

    def new_law(key: str) -> Zone:
        return winter if key == BERLIN else get_zone(key)

    changes = reconcile(events, new_law, tzdata="new")
    shifts = {change.shift for change in changes}
    print(f"{len(events)} meetings are stored, {len(data)} bytes hold the new law")
    print(f"{len(changes)} of {len(events)} would move by {' and '.join(map(str, shifts))}:")
    for change in changes[:3]:
        event, new = change.event, change.new
        print(f"  {event.name}: {event.wall:%d %B %H:%M} in {event.zone}")
        print(f"    was {event.resolved:%H:%M}Z, is {new.resolved:%H:%M}Z now")
    print(f"  ... {changes[-1].event.name}; nothing in New York moves")
    print("why: what people agreed on is the wall time. Stored as an instant alone, these")
    print("     meetings would be an hour off by the clock on the wall, for ever.")


@example("read_the_binary")
def read_the_binary() -> None:
    """The bytes of a zone file, the rule in its last line, and the summer of 2100 by it."""
    data = compiled(BERLIN)
    zone = TZif.parse(data)
    print(f"{len(data)} bytes: {data[:4].decode()} version {zone.version}")
    for at in range(0, 44, 16):
        print(f"  {at:4}  {data[at : at + 16].hex(' ')}")
    print(f"{len(zone.transitions)} changes, {len(zone.types)} local time types")
    last = dt.datetime.fromtimestamp(zone.transitions[-1], UTC)
    footer = data.rstrip(b"\n").rpartition(b"\n")[2].decode()
    print(f"the last listed change is of {last:%Y}; after it: {footer}\n")
    instant = dt.datetime(2100, 7, 1, 12, tzinfo=UTC)
    found = zone.at(int(instant.timestamp()))
    print(f"1 July 2100, 12:00Z  by this file  {found.abbr} {found.utoff / 3600:+g} h")
    for name in ("zoneinfo_utc", "whenever", "pytz"):
        engine = installed().get(name)
        if engine is not None:
            wall = engine.wall(engine.from_instant(instant, BERLIN))
            print(f"{'':21}{name:13} {wall:%H:%M}")
    print("why: the list ends early on purpose, the rule is for ever. pytz carries a list")
    print("     to 2037 and no rule, so its summers end there.")


@example("leap_second_day")
def leap_second_day() -> None:
    """The five seconds around the last leap second, in UTC, TAI, GPS and on a smearing clock."""
    table = LeapTable.from_tzdata()
    print(f"{len(table.after)} leap seconds, table good until {table.expires:%d %B %Y}\n")
    print(f"{'UTC':21}{'TAI':12}{'GPS':12}{'smeared':16}clamped")
    for text in ("23:59:58", "23:59:59", "23:59:60", "00:00:00", "00:00:01"):
        day = "2016-12-31" if text.startswith("23") else "2017-01-01"
        clamped = parse_rfc3339(f"{day}T{text}Z", leap="clamp")
        whole, leaps = clamped.instant.replace(microsecond=0), clamped.leap_second
        tai = table.utc_to_tai(whole, leap_second=leaps)
        gps = table.gps(whole, leap_second=leaps)
        smeared = table.smear(whole, leap_second=leaps)
        print(f"{day}T{text}Z ", end="")
        print(f"{tai:%H:%M:%S}    {gps:%H:%M:%S}    {smeared:%H:%M:%S.%f} ", end="")
        print(f"{clamped.instant:%H:%M:%S.%f}")
    try:
        parse_rfc3339("2016-12-31T23:59:60Z")
    except LeapSecondError as error:
        print(f"\nthe strict parser, byte {error.position}: {error.rule}")
    before = dt.datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    after = dt.datetime(2017, 1, 1, tzinfo=UTC)
    print(f"datetime says that {(after - before).seconds} s passed, a caesium clock says ", end="")
    print(f"{(table.utc_to_tai(after) - table.utc_to_tai(before)).seconds} s")
    print("why: POSIX time has no room for the second, so each system hides it in its own")
    print("     way. Refuse it, or say which way you want.")


@example("million_timestamps")
def million_timestamps() -> None:
    """A million timestamps to the wall in Berlin, by a loop and by a NumPy table."""
    rows, sample = 1_000_000, 100_000
    seconds = np.random.default_rng(1).integers(0, 6 * 365 * 86_400, rows)
    given = np.datetime64("2020-01-01", "us") + seconds.astype("timedelta64[s]")
    zone = zoneinfo.ZoneInfo(BERLIN)
    aware = [one.replace(tzinfo=UTC) for one in given[:sample].tolist()]
    start = dt.datetime(2020, 1, 1, tzinfo=UTC)

    began = time.process_time()
    walls = [one.astimezone(zone).replace(tzinfo=None) for one in aware]
    loop = (time.process_time() - began) * rows / sample
    table = ZoneTable.build(BERLIN, start, start + dt.timedelta(days=6 * 365))
    began = time.process_time()
    column = table.utc_to_wall(given)
    numpy = time.process_time() - began
    same = column[:sample].tolist() == walls
    print(f"{len(table.starts)} offsets in the table; the same answers: {same}")
    print(f"loop (from {sample:,} rows)  {loop:8.3f} s CPU a million")
    print(f"NumPy table              {numpy:8.3f} s CPU a million")
    print(f"at least 4x: {loop >= 4 * numpy}")
    first = to_wall(given[0].astype(object).replace(tzinfo=UTC), BERLIN)
    print(f"the first row: {given[0]}Z is {first.isoformat()} in Berlin")
    print("why: a zone is a short sorted list of changes. A binary search over a whole")
    print("     column costs a million comparisons of integers and no objects at all.")


if __name__ == "__main__":
    main()
