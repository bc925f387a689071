"""The nightly job: five ways to run at 02:30 every night, and a count of what goes wrong.

1. *Naive*: a container lives in UTC, so `next = last + 24 h`. Half of the year it runs at 03:30.
2. *A cron library*: the wall time is right, and twice a year the count of runs is not.
3. *Production*: `Schedule` with a policy for gaps and for folds.

`simulate` walks ten years of nights in seconds, because every scheduler here is asked for its next
run and nothing waits. Each rival is called as its documentation shows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from velvet_datetime.clock import UTC, get_zone, to_wall
from velvet_datetime.cron import Cron
from velvet_datetime.resolve import DAY, LocalKind, classify_local, resolve_local
from velvet_datetime.schedule import Schedule

Runs = Callable[[str, str, dt.datetime], Iterator[dt.datetime]]
# Each zone with the wall time that its clock changes put at risk.
ZONES: dict[str, str] = {
    "Europe/Berlin": "30 2 * * *",
    "America/New_York": "30 2 * * *",
    "America/Havana": "30 0 * * *",
    "Africa/Cairo": "30 0 * * *",
    "America/Sao_Paulo": "30 0 * * *",
    "Australia/Lord_Howe": "15 2 * * *",
    "Antarctica/Troll": "30 2 * * *",
}
FIRST, LAST = dt.date(2016, 1, 1), dt.date(2025, 12, 31)


def utc_plus_24h(expression: str, zone: str, start: dt.datetime) -> Iterator[dt.datetime]:
    """Yield the first night's instant, then one every 24 hours."""
    wall = Cron.parse(expression).next_wall(to_wall(start, zone) - dt.timedelta(minutes=1))
    run = resolve_local(wall, zone)
    while True:
        yield run
        run += DAY


def croniter(expression: str, zone: str, start: dt.datetime) -> Iterator[dt.datetime]:
    """Yield croniter's runs, started with an aware local datetime."""
    from croniter import croniter as library  # type: ignore[import-untyped,unused-ignore]

    runs = library(expression, start.astimezone(get_zone(zone)) - dt.timedelta(seconds=1))
    while True:
        run: dt.datetime = runs.get_next(dt.datetime)
        yield run.astimezone(UTC)


def cronsim(expression: str, zone: str, start: dt.datetime) -> Iterator[dt.datetime]:
    """Yield cronsim's runs, which copy Debian's cron."""
    from cronsim import CronSim

    for run in CronSim(expression, start.astimezone(get_zone(zone)) - dt.timedelta(seconds=1)):
        yield run.astimezone(UTC)


def apscheduler(expression: str, zone: str, start: dt.datetime) -> Iterator[dt.datetime]:
    """Yield the fire times of APScheduler's CronTrigger."""
    from apscheduler.triggers.cron import (  # type: ignore[import-untyped,unused-ignore]
        CronTrigger,
    )

    trigger = CronTrigger.from_crontab(expression, timezone=get_zone(zone))
    now, last = start.astimezone(get_zone(zone)), None
    while True:
        last = trigger.get_next_fire_time(last, now)
        now = last
        yield last.astimezone(UTC)


def ours(expression: str, zone: str, start: dt.datetime) -> Iterator[dt.datetime]:
    """Yield the runs of a `Schedule` by cron's own rules."""
    schedule = Schedule.of(expression, zone, "vixie")
    run = schedule.next_after(start - dt.timedelta(seconds=1))
    while True:
        yield run
        run = schedule.next_after(run)


# Each scheduler with the distribution that it needs.
SCHEDULERS: dict[str, tuple[Runs, str]] = {
    "utc_plus_24h": (utc_plus_24h, ""),
    "croniter": (croniter, "croniter"),
    "cronsim": (cronsim, "cronsim"),
    "apscheduler": (apscheduler, "apscheduler"),
    "ours": (ours, ""),
}


@dataclass(frozen=True)
class Nights:
    """What ten years of nights came to, in one zone.

    Attributes:
        duplicates, missed: nights with more than one run, and with none.
        wrong_wall: runs at another clock time although the right one existed.
        moved: runs on nights whose clock never showed the time.
    """

    zone: str
    runs: int
    nights: int
    duplicates: int
    missed: int
    wrong_wall: int
    moved: int

    @property
    def faults(self) -> int:
        """Duplicates, misses and wrong wall times."""
        return self.duplicates + self.missed + self.wrong_wall


def simulate(scheduler: Runs, zone: str, *, first: dt.date = FIRST, last: dt.date = LAST) -> Nights:
    """Run a scheduler over the local nights from `first` to `last` and count its faults.

    Raises:
        ImportError: its library is not installed.
    """
    wanted = Cron.parse(ZONES[zone])
    at = dt.time(wanted.hours[0], wanted.minutes[0])
    per_night: Counter[dt.date] = Counter()
    wrong = moved = 0
    start = resolve_local(dt.datetime.combine(first, dt.time()), zone)
    for run in scheduler(ZONES[zone], zone, start):
        wall = to_wall(run, zone)
        if wall.date() > last:
            break
        per_night[wall.date()] += 1
        if wall.time() != at:
            info = classify_local(dt.datetime.combine(wall.date(), at), zone)
            moved += info.kind is LocalKind.GAP
            wrong += info.kind is not LocalKind.GAP
    nights = [first + number * DAY for number in range((last - first).days + 1)]
    return Nights(
        zone,
        per_night.total(),
        len(nights),
        sum(count > 1 for count in per_night.values()),
        sum(per_night[night] == 0 for night in nights),
        wrong,
        moved,
    )
