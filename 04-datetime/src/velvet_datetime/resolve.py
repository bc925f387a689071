"""Which instant does a wall time mean? Four policies, and arithmetic that keeps its promise.

In spring clocks jump over an hour (a gap), in autumn they repeat one (a fold), and in both the
question has no single answer. PEP 495 gives us the two offsets around a change through `fold`; all
else follows from comparing them, in constant time and without any private interface:

    offset(fold=0) < offset(fold=1)   a gap       policy      gap 02:30   fold 02:30
    offset(fold=0) > offset(fold=1)   a fold      compatible  03:30       the first
    equal                             unique      earlier     01:30       the first
                                                  later       03:30       the second
                                                  raise       error       error

The policies are those of TC39 Temporal; `compatible` is also RFC 5545, section 3.3.5.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import Literal, get_args

from velvet_datetime.clock import EPOCH, SECOND, UTC, Zone, get_zone, to_utc
from velvet_datetime.errors import (
    AmbiguousTimeError,
    DateTimeError,
    NonexistentTimeError,
    OutOfRangeError,
)

Disambiguation = Literal["compatible", "earlier", "later", "raise"]
POLICIES: tuple[Disambiguation, ...] = get_args(Disambiguation)
DAY = dt.timedelta(days=1)
# Between two probes a zone may change and change back unseen; no zone in the database does so
# within a week after 1945 (a test compares with the compiled files).
PROBE = dt.timedelta(days=7)


class LocalKind(Enum):
    """How many instants show a wall time."""

    UNIQUE = "unique"
    GAP = "gap"
    FOLD = "fold"


@dataclass(frozen=True)
class LocalInfo:
    """A wall time in a zone.

    Attributes:
        earlier, later: the instants in question; the same one for a unique wall time.
        shift: how far the clock jumps: positive in a gap, negative in a fold.
    """

    kind: LocalKind
    earlier: dt.datetime
    later: dt.datetime
    shift: dt.timedelta


def offsets(wall: dt.datetime, zone: Zone) -> tuple[dt.timedelta, dt.timedelta]:
    """Return the offsets from UTC before and after a change that the wall time may lie in."""
    found = get_zone(zone)
    first = wall.replace(tzinfo=found, fold=0).utcoffset()
    second = wall.replace(tzinfo=found, fold=1).utcoffset()
    if first is None or second is None:
        raise DateTimeError(f"the zone {found!r} has no offset at {wall}")
    return first, second


def classify_local(wall: dt.datetime, zone: Zone) -> LocalInfo:
    """Return whether a wall time exists once, never or twice, with its instants."""
    _naive(wall)
    before, after = offsets(wall, zone)
    one, two = _minus(wall, before), _minus(wall, after)
    kind = (LocalKind.UNIQUE, LocalKind.GAP, LocalKind.FOLD)[(before < after) - (before > after)]
    return LocalInfo(kind, min(one, two), max(one, two), after - before)


def resolve_local(wall: dt.datetime, zone: Zone, how: Disambiguation = "compatible") -> dt.datetime:
    """Return the instant, in UTC, that a wall time means.

    >>> str(resolve_local(dt.datetime(2026, 3, 29, 2, 30), "Europe/Berlin"))
    '2026-03-29 01:30:00+00:00'
    >>> str(resolve_local(dt.datetime(2026, 10, 25, 2, 30), "Europe/Berlin", "later"))
    '2026-10-25 01:30:00+00:00'

    Raises:
        NonexistentTimeError, AmbiguousTimeError: `how` is "raise" and the time is not unique.
        UnknownZoneError, OutOfRangeError: no such zone; no such year in UTC.
    """
    if how not in POLICIES:
        raise ValueError(f"unknown policy {how!r}: choose one of {', '.join(POLICIES)}")
    _naive(wall)
    before, after = offsets(wall, zone)
    if before == after:
        return _minus(wall, before)
    gap = before < after
    if how == "raise":
        one, two = _minus(wall, before), _minus(wall, after)
        if not gap:
            raise AmbiguousTimeError(wall, str(zone), (one, two))
        change = _bisect(get_zone(zone), two, one)
        raise NonexistentTimeError(wall, str(zone), (_plus(change, before), _plus(change, after)))
    # In a gap the later reading is the one with the offset before; in a fold it is the reverse.
    use_before = gap == (how == "later") or how == "compatible"
    return _minus(wall, before if use_before else after)


def _naive(wall: dt.datetime) -> None:
    if wall.tzinfo is not None:
        raise DateTimeError(f"{wall} has an offset: a wall time is naive, its zone stands beside")


def _minus(wall: dt.datetime, offset: dt.timedelta) -> dt.datetime:
    try:
        return (wall - offset).replace(tzinfo=UTC, fold=0)
    except OverflowError:
        raise OutOfRangeError(f"{wall} lies outside the years 1 to 9999 in UTC") from None


def _plus(instant: dt.datetime, offset: dt.timedelta) -> dt.datetime:
    return instant.replace(tzinfo=None) + offset


def add_exact(instant: dt.datetime, delta: dt.timedelta) -> dt.datetime:
    """Return the instant after exactly that much time: physics, not the calendar."""
    try:
        return to_utc(instant) + delta
    except OverflowError:
        raise OutOfRangeError(f"{instant} + {delta} leaves the years 1 to 9999") from None


def add_wall(
    wall: dt.datetime,
    zone: Zone,
    *,
    years: int = 0,
    months: int = 0,
    weeks: int = 0,
    days: int = 0,
    how: Disambiguation = "compatible",
) -> dt.datetime:
    """Return the instant at the same clock time, so many calendar units on; month ends clamp.

    >>> str(add_wall(dt.datetime(2026, 1, 31, 9), "Europe/Berlin", months=1))
    '2026-02-28 08:00:00+00:00'
    """
    _naive(wall)
    try:
        year, month = divmod(wall.year * 12 + wall.month - 1 + 12 * years + months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        moved = wall.replace(year=year, month=month + 1, day=min(wall.day, last))
        moved += dt.timedelta(weeks=weeks, days=days)
    except (OverflowError, ValueError):  # the calendar ends: year 0 or 10000
        raise OutOfRangeError(f"{wall} moved so far leaves the years 1 to 9999") from None
    return resolve_local(moved, zone, how)


def start_of_day(date: dt.date, zone: Zone) -> dt.datetime:
    """Return the first instant of a local day, which is not everywhere at 00:00."""
    midnight = dt.datetime.combine(date, dt.time())
    before, after = offsets(midnight, zone)
    if before >= after:
        return _minus(midnight, before)
    # Midnight lies in a gap: the day begins when the gap ends.
    return _bisect(get_zone(zone), _minus(midnight, after), _minus(midnight, before))


def day_length(date: dt.date, zone: Zone) -> dt.timedelta:
    """Return how long a local day really lasts.

    >>> str(day_length(dt.date(2026, 3, 29), "Europe/Berlin"))
    '23:00:00'
    >>> str(day_length(dt.date(2011, 12, 30), "Pacific/Apia"))
    '0:00:00'
    """
    try:
        return start_of_day(date + DAY, zone) - start_of_day(date, zone)
    except OverflowError:
        raise OutOfRangeError("the last day of the year 9999 has no successor") from None


@dataclass(frozen=True)
class Transition:
    """A change of a zone's offset, at the first instant with the new one."""

    instant: dt.datetime
    before: dt.timedelta
    after: dt.timedelta
    abbr: str

    @property
    def shift(self) -> dt.timedelta:
        """How far clocks jump: positive makes a gap, negative a fold."""
        return self.after - self.before


def transitions(zone: Zone, start: dt.datetime, end: dt.datetime) -> list[Transition]:
    """Return the changes of offset in [start, end), by probing every week and bisecting.

    Cost: one look-up a week and about 20 a change. Two changes within one week that cancel each
    other stay unseen.
    """
    found: list[Transition] = []
    known = get_zone(zone)
    low, last = to_utc(start), to_utc(end)
    while low < last:
        high = min(low + PROBE, last)
        before, after = _offset(known, low), _offset(known, high)
        if before != after:
            change = _bisect(known, low, high)
            # A second change may hide behind the first; go on from there.
            after, high = _offset(known, change), change
            found.append(Transition(change, before, after, change.astimezone(known).tzname() or ""))
        low = high
    return [one for one in found if one.instant < last]


def _offset(zone: dt.tzinfo, instant: dt.datetime) -> dt.timedelta:
    return instant.astimezone(zone).utcoffset() or dt.timedelta(0)


def _bisect(zone: dt.tzinfo, low: dt.datetime, high: dt.datetime) -> dt.datetime:
    """Return the first second after `low` with another offset than at `low`."""
    base = _offset(zone, low)
    first, last = (int((one - EPOCH).total_seconds()) for one in (low, high))
    last += high.microsecond > 0
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(zone, EPOCH + middle * SECOND) == base:
            first = middle
        else:
            last = middle
    return EPOCH + last * SECOND
