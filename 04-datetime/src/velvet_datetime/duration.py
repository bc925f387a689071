"""Durations by the grammar of RFC 3339, appendix A, which is stricter than it looks.

Its units follow each other without a hole: `P1Y1D` and `PT1H1S` are not valid, weeks stand alone,
and there are no fractions. Nothing is carried over either: a month is no number of days, and a day
is no number of hours until an instant and a zone stand beside it (see `resolve.add_wall`).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from velvet_datetime.errors import ParseError


@dataclass(frozen=True)
class Duration:
    """A span of calendar and clock units, as it was written; nothing is carried over."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    @property
    def exact(self) -> dt.timedelta:
        """The clock units alone: what is the same length everywhere."""
        return dt.timedelta(hours=self.hours, minutes=self.minutes, seconds=self.seconds)


_DATE_UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}
_TIME_UNITS = {"H": "hours", "M": "minutes", "S": "seconds"}
_NUMBER = re.compile(r"\d{1,9}(?!\d)", re.ASCII)


def parse_duration(text: str) -> Duration:
    """Return a duration by the grammar of RFC 3339, appendix A.

    >>> parse_duration("P1Y2M3DT4H").months
    2

    Raises:
        ParseError: with the byte where it stopped.
    """
    if text[:1] != "P":
        raise ParseError(text, 0, "a duration begins with 'P'")
    fields: dict[str, int] = {}
    units, at, last = _DATE_UNITS, 1, ""
    while at < len(text):
        if text[at] == "T" and units is _DATE_UNITS and last != "W":
            units, at, last = _TIME_UNITS, at + 1, ""
            if at == len(text):
                raise ParseError(text, at, "a number is expected after 'T', the text ends")
            continue
        number = _NUMBER.match(text, at)
        if number is None:
            raise ParseError(text, at, "a number of one to nine digits is expected")
        at = number.end()
        unit = text[at : at + 1]
        order = "YMD" if units is _DATE_UNITS else "HMS"
        after_hole = last and order.find(unit) != order.find(last) + 1
        if unit not in units or not unit or (unit == "W" and fields) or (after_hole):
            raise ParseError(text, at, f"a unit that follows is expected, one of {' '.join(units)}")
        if last == "W":
            raise ParseError(text, at, "weeks stand alone")
        fields[units[unit]], last, at = int(number[0]), unit, at + 1
    if not fields:
        raise ParseError(text, at, "a number is expected, the text ends")
    return Duration(**fields)
