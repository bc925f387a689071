"""Cron expressions over wall times: five fields, jumped field by field and never minute by minute.

A match is a naive wall time; which instant that is, or whether there is one, is the business of
`schedule`. The two rules that surprise: when both day fields are restricted a day matches *either*
(POSIX crontab), and `L` is the last day of a month. An expression that no calendar can satisfy,
such as `0 0 30 2 *`, is refused when it is read.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from velvet_datetime.errors import CronError, OutOfRangeError, quoted

_MONTHS = {name.lower(): k for k, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
# Name, lowest, highest, words. Sunday is 0 and 7.
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _WEEKDAYS),
)
_ITEM = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d{1,3}))?", re.ASCII)
_LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
MAX_LENGTH = 500
MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Cron:
    """A parsed expression.

    Attributes:
        last_day: whether the day field holds ``L``.
        either_day: both day fields are restricted, so a day may match one of them.
        wildcard: the minute or the hour begins with ``*``: the job is about elapsed time and not
            about a time of day, and schedulers treat it differently when clocks jump.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    last_day: bool = False
    either_day: bool = False
    wildcard: bool = False

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read an expression of five fields.

        >>> Cron.parse("30 2 * * mon-fri").next_wall(dt.datetime(2026, 3, 27, 3))
        datetime.datetime(2026, 3, 30, 2, 30)

        Raises:
            CronError: the message names the field and the rule.
        """
        if len(text) > MAX_LENGTH or not text.isascii():
            raise CronError(f"{quoted(text)} is longer than {MAX_LENGTH} characters, or not ASCII")
        parts = text.split()
        if len(parts) != len(_FIELDS):
            raise CronError(f"{quoted(text)} has {len(parts)} fields: five are needed")
        days_text, last = _without_last(parts[2])
        sets = [
            _numbers(part, *field) if part else frozenset()
            for part, field in zip((*parts[:2], days_text, *parts[3:]), _FIELDS, strict=True)
        ]
        weekdays = frozenset(day % 7 for day in sets[4])
        free = (parts[2].startswith("*"), parts[4].startswith("*"))
        made = cls(
            text,
            tuple(sorted(sets[0])),
            tuple(sorted(sets[1])),
            sets[2],
            sets[3],
            weekdays,
            last,
            not any(free),
            parts[0].startswith("*") or parts[1].startswith("*"),
        )
        possible = any(min(made.days, default=99) <= _LONGEST_MONTH.get(m, 31) for m in made.months)
        if not (possible or last or made.either_day):
            raise CronError(f"{quoted(text)}: no month of it has such a day, so it never runs")
        return made

    def matches_day(self, day: dt.date) -> bool:
        """Whether a date satisfies both day fields, or one of them where either suffices."""
        by_month = day.day in self.days or (
            self.last_day and day.day == calendar.monthrange(day.year, day.month)[1]
        )
        by_week = day.isoweekday() % 7 in self.weekdays
        return (by_month or by_week) if self.either_day else (by_month and by_week)

    def matches(self, wall: dt.datetime) -> bool:
        """Whether a wall time satisfies all fields; its seconds do not count."""
        return (
            wall.month in self.months
            and wall.hour in self.hours
            and wall.minute in self.minutes
            and self.matches_day(wall)
        )

    def next_wall(self, after: dt.datetime) -> dt.datetime:
        """Return the first matching wall time later than `after`.

        Raises:
            OutOfRangeError: there is none before the year 10000.
        """
        try:
            start = after + MINUTE
            day = start.date()
            if day.month in self.months and self.matches_day(day):
                for hour in self.hours:
                    if hour < start.hour:
                        continue
                    floor = start.minute if hour == start.hour else 0
                    for minute in self.minutes:
                        if minute >= floor:
                            return _wall(day, hour, minute)
            day = self._next_day(day)
        except (OverflowError, ValueError):  # the calendar ends
            raise OutOfRangeError(f"{self.text!r} has no match after {after}") from None
        return _wall(day, self.hours[0], self.minutes[0])

    def _next_day(self, day: dt.date) -> dt.date:
        """Return the next matching date; a month that does not match is passed in one step."""
        day += dt.timedelta(days=1)
        while True:
            if day.month not in self.months:
                year, month = divmod(day.year * 12 + day.month, 12)
                day = dt.date(year, month + 1, 1)
            elif self.matches_day(day):
                return day
            else:
                day += dt.timedelta(days=1)


def _wall(day: dt.date, hour: int, minute: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute))


def _without_last(part: str) -> tuple[str, bool]:
    items = part.split(",")
    kept = [item for item in items if item.upper() != "L"]
    return ",".join(kept), len(kept) < len(items)


def _numbers(part: str, name: str, low: int, high: int, words: dict[str, int]) -> frozenset[int]:
    """Return the numbers that a field lists."""
    found: set[int] = set()
    for item in part.split(","):
        shape = _ITEM.fullmatch(item)
        if shape is None:
            raise CronError(f"the {name} {quoted(item)} is no number, range or step")
        first, last, step = shape.groups()
        if first == "*" and last is None:
            start, end = low, 6 if high == 7 else high
        elif first == "*":
            raise CronError(f"the {name} {quoted(item)} mixes * with a range")
        else:
            start = _number(first, name, low, high, words)
            end = _number(last, name, low, high, words) if last else start
            if last is None and step:
                end = high
        if start > end:
            raise CronError(f"the {name} {quoted(item)} runs backwards")
        if step is not None and int(step) == 0:
            raise CronError(f"the {name} {quoted(item)} has a step of 0")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, name: str, low: int, high: int, words: dict[str, int]) -> int:
    number = words.get(text.lower(), int(text) if text.isdigit() and len(text) < 4 else -1)
    if not low <= number <= high:
        raise CronError(f"the {name} {quoted(text)} is not from {low} to {high}")
    return number
