"""From cron's wall times to instants, exactly once each, also on the two nights that are different.

A schedule says what happens when its wall time does not exist and when it exists twice. Three known
sets of rules are `PRESETS`:

- ``vixie``: a job at a fixed time in a gap runs right after it, in a fold once; a job whose minute
  or hour is a wildcard just follows the clock (Debian's and most Linux distributions' cron).
- ``rfc5545``: an instance in a gap is left out (section 3.3.10), in a fold it is the first.
- ``temporal``: an instance in a gap is shifted by the gap, as `resolve_local` does.

`RunLedger` is for what no schedule can promise: two schedulers, or one that restarts at 02:30.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from velvet_datetime.clock import UTC, Zone, get_zone, to_utc
from velvet_datetime.cron import MINUTE, Cron
from velvet_datetime.errors import CronError, OutOfRangeError
from velvet_datetime.resolve import offsets, transitions

Gap = Literal["run_after", "shift", "skip"]
Fold = Literal["first", "last", "both"]
# No change of a clock is larger: Apia and Kwajalein skipped a day.
_LARGEST_JUMP = dt.timedelta(hours=25)
_NONE = dt.timedelta(0)
_EARLIEST = dt.datetime.min.replace(tzinfo=UTC) + 2 * _LARGEST_JUMP


@dataclass(frozen=True)
class Schedule:
    """A cron expression in a zone, with an answer for gaps and for folds. Thread-safe.

    Attributes:
        follow_clock: treat a wildcard expression as elapsed time: no catching up after a gap, and
            both halves of a fold.
    """

    cron: Cron
    zone: Zone
    gap: Gap = "run_after"
    fold: Fold = "first"
    follow_clock: bool = True

    def __post_init__(self) -> None:
        get_zone(self.zone)
        for name, kinds in (("gap", Gap), ("fold", Fold)):
            if getattr(self, name) not in get_args(kinds):
                chosen = getattr(self, name)
                raise CronError(f"{name}={chosen!r}: choose one of {', '.join(get_args(kinds))}")

    @classmethod
    def of(cls, expression: str, zone: Zone, rules: str = "vixie") -> Schedule:
        """Return a schedule by one of the sets of rules in `PRESETS`."""
        if rules not in PRESETS:
            raise CronError(f"unknown rules {rules!r}: choose one of {', '.join(PRESETS)}")
        gap, fold, follow = PRESETS[rules]
        return cls(Cron.parse(expression), zone, gap, fold, follow)

    def next_after(self, instant: dt.datetime) -> dt.datetime:
        """Return the first run later than an instant, in UTC.

        Away from a change of the clock this costs five look-ups of an offset and one match.

        >>> job = Schedule.of("30 2 * * *", "Europe/Berlin")
        >>> str(job.next_after(dt.datetime(2026, 3, 28, 12, tzinfo=UTC)))
        '2026-03-29 01:00:00+00:00'

        Raises:
            OutOfRangeError: there is none before the year 10000.
        """
        now = to_utc(instant)
        zone = get_zone(self.zone)
        try:
            here = _offset(now, zone)
            around = (_offset(now - _LARGEST_JUMP, zone), here, _offset(now + _LARGEST_JUMP, zone))
            wall = now.replace(tzinfo=None) + here
            match = self.cron.next_wall(wall)
            before, after = offsets(match, zone)
            if around[0] == here == around[2] and before == after:
                return match.replace(tzinfo=UTC) - before
            return self._near_a_change(now, zone, wall - (max(around) - min(around)))
        except OverflowError:
            raise OutOfRangeError(f"{self.cron.text!r} has no run after {instant}") from None

    def _near_a_change(self, now: dt.datetime, zone: dt.tzinfo, wall: dt.datetime) -> dt.datetime:
        """Look at every match whose instant may be next, beginning a jump's length earlier."""
        best: dt.datetime | None = None
        highest: dt.timedelta | None = None
        wall -= MINUTE
        while True:
            wall = self.cron.next_wall(wall)
            before, after = offsets(wall, zone)
            highest = max(before, after, *([highest] if highest is not None else []))
            # No later wall time is an earlier instant than this.
            if best is not None and wall.replace(tzinfo=UTC) - highest >= best:
                return best
            for run in self._instants(wall, zone, before, after):
                if run > now and (best is None or run < best):
                    best = run

    def _instants(
        self, wall: dt.datetime, zone: dt.tzinfo, before: dt.timedelta, after: dt.timedelta
    ) -> list[dt.datetime]:
        """Return the runs, none to two, of one matching wall time."""
        moment = wall.replace(tzinfo=UTC)
        if before == after:
            return [moment - before]
        follows = self.follow_clock and self.cron.wildcard
        if before > after:
            wanted = "both" if follows else self.fold
            return {"first": [moment - before], "last": [moment - after]}.get(
                wanted, [moment - before, moment - after]
            )
        if follows or self.gap == "skip":
            return []
        if self.gap == "shift":
            return [moment - before]
        return [one.instant for one in transitions(zone, moment - after, moment - before + MINUTE)]

    def iter(self, start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the runs in [start, end), strictly increasing.

        Raises:
            OutOfRangeError: as `next_after` does, and within two days of the year 1.
        """
        first, last = to_utc(start), to_utc(end)
        if first <= _EARLIEST:
            raise OutOfRangeError(f"{first} is too near to the year 1 to look back a day")
        run = self.next_after(first - dt.timedelta(microseconds=1))
        while run < last:
            yield run
            run = self.next_after(run)


PRESETS: dict[str, tuple[Gap, Fold, bool]] = {
    "vixie": ("run_after", "first", True),
    "rfc5545": ("skip", "first", False),
    "temporal": ("shift", "first", False),
}


def _offset(instant: dt.datetime, zone: dt.tzinfo) -> dt.timedelta:
    return instant.astimezone(zone).utcoffset() or _NONE


@dataclass
class RunLedger:
    """Remembers which runs were claimed, so that each happens once with any number of schedulers.

    In production this is a table with a unique key; the key is what matters. It holds the wall time
    and not the instant: two schedulers with different zone data then still agree. Thread-safe.
    """

    _claimed: set[tuple[str, dt.datetime, str, int]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def claim(self, job: str, wall: dt.datetime, zone: str, occurrence: int = 0) -> bool:
        """Return True for the first claim of a run and False for every later one.

        Args:
            occurrence: 1 for the second half of a fold, when a job is meant to run in both.
        """
        key = (job, wall, zone, occurrence)
        with self._lock:
            if key in self._claimed:
                return False
            self._claimed.add(key)
            return True
