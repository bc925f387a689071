"""The rule at the end of a TZif file: what holds after its last listed change, for ever.

`CET-1CEST,M3.5.0,M10.5.0/3` says all of Berlin's future in 26 characters: standard time is UTC+1
(the sign is turned round), summer time from the last Sunday of March, 02:00, to the last Sunday of
October, 03:00. A reader that ignores this rule, as pytz does, knows no summer time after 2037.
Grammar: RFC 9636 section 3.3.1 and POSIX.1-2024, section 8.3.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from velvet_datetime.errors import TzifError, quoted

_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_TIME = r"[+-]?\d{1,3}(?::\d{2}(?::\d{2})?)?"
_DAY = r"(?:J\d{1,3}|\d{1,3}|M\d{1,2}\.\d\.\d)"
_RULE = re.compile(rf"({_DAY})(?:/({_TIME}))?", re.ASCII)
_WHOLE = re.compile(rf"({_NAME})({_TIME})(?:({_NAME})({_TIME})?(?:,([^,]*),([^,]*))?)?", re.ASCII)
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class DayRule:
    """A day of the year and a time on it, in seconds of the clock that is left.

    Attributes:
        kind: ``J`` (1 to 365, no leap day), ``n`` (0 to 365) or ``M`` (month, week, weekday).
    """

    kind: str
    numbers: tuple[int, ...]
    seconds: int

    def at(self, year: int) -> int:
        """Return seconds since 1970 on the local clock, in constant time."""
        if self.kind == "M":
            month, week, weekday = self.numbers
            first, days = calendar.monthrange(year, month)
            day = (weekday - 1 - first) % 7 + 1 + 7 * (week - 1)
            ordinal = dt.date(year, month, day if day <= days else day - 7).toordinal()
        else:
            (number,) = self.numbers
            ordinal = dt.date(year, 1, 1).toordinal() + number - (self.kind == "J")
            if self.kind == "J" and number >= 60 and calendar.isleap(year):
                ordinal += 1
        return (ordinal - _EPOCH_DAY) * DAY + self.seconds


@dataclass(frozen=True)
class LocalType:
    """What holds between two changes: the offset in seconds, the flag, the abbreviation."""

    utoff: int
    dst: bool
    abbr: str


@dataclass(frozen=True)
class PosixTZ:
    """A rule for all years; without `summer` one offset holds for ever.

    >>> rule = PosixTZ.parse("CET-1CEST,M3.5.0,M10.5.0/3")
    >>> rule.at(4_118_040_000).abbr  # 30 June 2100
    'CEST'
    >>> rule.changes(2026)
    (1774746000, 1792890000)
    """

    standard: LocalType
    summer: LocalType | None = None
    start: DayRule | None = None
    end: DayRule | None = None

    @classmethod
    def parse(cls, text: str) -> PosixTZ:
        """Read a TZ string.

        Raises:
            TzifError: it breaks the grammar or a range; the message names the part.
        """
        found = _WHOLE.fullmatch(text) if len(text) < 200 else None
        if found is None:
            raise TzifError(
                f"{quoted(text)} is no POSIX TZ string such as 'CET-1CEST,M3.5.0,M10.5.0/3'"
            )
        name, offset, summer, shifted, start, end = found.groups()
        base = -_seconds(offset, 24)
        standard = LocalType(base, False, name.strip("<>"))
        if summer is None:
            return cls(standard)
        moved = -_seconds(shifted, 24) if shifted else base + HOUR
        return cls(
            standard,
            LocalType(moved, True, summer.strip("<>")),
            # POSIX leaves a missing rule to the implementation; these are the ones of tzcode.
            _rule(start or "M3.2.0"),
            _rule(end or "M11.1.0"),
        )

    def changes(self, year: int) -> tuple[int, int]:
        """Return the epochs at which summer time begins and ends in a year."""
        if self.summer is None or self.start is None or self.end is None:
            raise TzifError(f"{self.standard.abbr} has no summer time")
        return (
            self.start.at(year) - self.standard.utoff,
            self.end.at(year) - self.summer.utoff,
        )

    def at(self, epoch: int) -> LocalType:
        """Return what holds at an instant, in constant time."""
        if self.summer is None:
            return self.standard
        year = _year_of(epoch + self.standard.utoff)
        start, end = self.changes(year)
        inside = start <= epoch < end if start < end else not end <= epoch < start
        return self.summer if inside else self.standard


def _year_of(seconds: int) -> int:
    try:
        return dt.date.fromordinal(_EPOCH_DAY + seconds // DAY).year
    except (ValueError, OverflowError):
        raise TzifError(f"{seconds} s from 1970 lies outside the years 1 to 9999") from None


def _rule(text: str) -> DayRule:
    found = _RULE.fullmatch(text)
    if found is None:
        raise TzifError(f"{quoted(text)} is no day rule: Jn, n or Mm.w.d, then /time")
    day, time = found.groups()
    kind = day[0] if day[0] in "JM" else "n"
    numbers = tuple(int(part) for part in day.lstrip("JM").split("."))
    ranges = {"J": ((1, 365),), "n": ((0, 365),), "M": ((1, 12), (1, 5), (0, 6))}[kind]
    for number, (low, high) in zip(numbers, ranges, strict=True):
        if not low <= number <= high:
            raise TzifError(f"{quoted(text)}: {number} is not from {low} to {high}")
    # RFC 9636 widens the hour from POSIX's 0..24 to -167..167, a week.
    return DayRule(kind, numbers, _seconds(time, 167) if time else 2 * HOUR)


def _seconds(text: str, most: int) -> int:
    hours, minutes, seconds = (*(int(part) for part in text.lstrip("+-").split(":")), 0, 0)[:3]
    if hours > most or minutes > 59 or seconds > 59:
        raise TzifError(f"{quoted(text)}: at most {most} hours, 59 minutes, 59 seconds")
    total = hours * HOUR + minutes * 60 + seconds
    return -total if text.startswith("-") else total
