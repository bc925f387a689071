"""Future meetings: stored so that a change of the law does not move them, and found across zones.

A meeting at 09:00 in Berlin next year is a wall time and a zone. Its instant is only today's
answer: store it beside the wall time, with the version of the zone data that gave it, and after an
update `reconcile` names the events whose answer changed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from velvet_datetime.clock import Zone, get_zone, to_utc
from velvet_datetime.errors import DateTimeError, quoted
from velvet_datetime.resolve import DAY, POLICIES, Disambiguation, resolve_local, start_of_day

Interval = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class FutureEvent:
    """A civil event to come.

    Attributes:
        wall, zone, how: what was agreed on; these never change by themselves.
        resolved: which instant that was by the zone data of `tzdata`; a cache for sorting.
    """

    name: str
    wall: dt.datetime
    zone: str
    how: Disambiguation
    resolved: dt.datetime
    tzdata: str

    @classmethod
    def plan(
        cls,
        name: str,
        wall: dt.datetime,
        zone: str,
        *,
        how: Disambiguation = "compatible",
        tzdata: str = "",
        source: Callable[[str], Zone] = get_zone,
    ) -> FutureEvent:
        """Return an event with the instant that today's zone data gives it."""
        return cls(name, wall, zone, how, resolve_local(wall, source(zone), how), tzdata)

    def to_json(self) -> str:
        """Return the event as JSON; the wall time has no offset, on purpose."""
        fields = asdict(self) | {"wall": self.wall.isoformat()}
        return json.dumps(fields | {"resolved": to_utc(self.resolved).isoformat()})

    @classmethod
    def from_json(cls, text: str) -> FutureEvent:
        """Return a stored event.

        Raises:
            DateTimeError: it is not one; the message says what is missing or wrong.
        """
        try:
            fields = json.loads(text)
            wall = dt.datetime.fromisoformat(fields.pop("wall"))
            resolved = to_utc(dt.datetime.fromisoformat(fields.pop("resolved")))
            event = cls(wall=wall, resolved=resolved, **fields)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DateTimeError(f"{quoted(text)} is no stored event: {error}") from None
        if wall.tzinfo is not None or event.how not in POLICIES:
            raise DateTimeError(f"{quoted(text)}: a wall time is naive, a policy is a known one")
        return event


@dataclass(frozen=True)
class Change:
    """An event whose instant is another one by newer zone data."""

    event: FutureEvent
    new: FutureEvent

    @property
    def shift(self) -> dt.timedelta:
        """How much later it is than before."""
        return self.new.resolved - self.event.resolved


def reconcile(
    events: Iterable[FutureEvent],
    source: Callable[[str], Zone] = get_zone,
    *,
    tzdata: str = "",
) -> list[Change]:
    """Resolve stored events anew and return those that moved; run it after each tzdata update.

    Args:
        source: returns the zone of a key, by default from the installed database.
    """
    changes = []
    for event in events:
        new = FutureEvent.plan(
            event.name, event.wall, event.zone, how=event.how, tzdata=tzdata, source=source
        )
        if new.resolved != event.resolved:
            changes.append(Change(event, new))
    return changes


def overlap_windows(
    hours: Mapping[str, tuple[dt.time, dt.time]], first: dt.date, last: dt.date
) -> list[Interval]:
    """Return when all zones work, as intervals of instants in UTC.

    Args:
        hours: zone to the beginning and the end of its working day; an end before the beginning is
            on the next day.
        first, last: the local dates to look at, both included.

    Linear in days and zones. An interval keeps its true length when clocks change within it.
    """
    if not hours or last < first:
        raise DateTimeError("overlap needs at least one zone and a first day before the last")
    common: list[Interval] | None = None
    for zone, (start, end) in hours.items():
        mine = list(_working(zone, start, end, first, last))
        common = mine if common is None else list(_intersect(common, mine))
    return common or []


def _working(
    zone: str, start: dt.time, end: dt.time, first: dt.date, last: dt.date
) -> Iterator[Interval]:
    for number in range((last - first).days + 1):
        day = first + number * DAY
        if start_of_day(day, zone) == start_of_day(day + DAY, zone):
            continue  # a day that the zone skipped
        opens = resolve_local(dt.datetime.combine(day, start), zone)
        closing = day if end > start else day + DAY
        closes = resolve_local(dt.datetime.combine(closing, end), zone)
        if opens < closes:
            yield opens, closes


def _intersect(one: list[Interval], two: list[Interval]) -> Iterator[Interval]:
    i = k = 0
    while i < len(one) and k < len(two):
        start, end = max(one[i][0], two[k][0]), min(one[i][1], two[k][1])
        if start < end:
            yield start, end
        if one[i][1] < two[k][1]:
            i += 1
        else:
            k += 1
