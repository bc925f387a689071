"""A strict parser of Internet timestamps (RFC 3339) that names the byte where it stopped.

One pattern accepts every valid text in one pass; only a refused text is walked again, byte by byte,
to say where and why. What lax parsers let through and this one does not: `T24:00:00`, an offset of
`+24:00` or `+10:60`, other digits than ASCII's, a comma, week dates, a final newline, and `:60`
anywhere but at the end of a UTC day.

`datetime.fromisoformat` reads another language (ISO 8601, most of it), and another one in 3.10.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from velvet_datetime.clock import UTC, to_utc
from velvet_datetime.duration import parse_duration
from velvet_datetime.errors import LeapSecondError, ParseError
from velvet_datetime.leap import LeapTable

Kind = Literal["date-time", "full-date", "full-time", "duration"]
_DATE = r"(\d{4})-(\d\d)-(\d\d)"
_TIME = r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)"
_DATE_TIME = re.compile(f"{_DATE}[Tt]{_TIME}", re.ASCII)
# What stands at each place, for the walk over a refused text: 0 is any digit.
_SHAPES = {"date-time": "0000-00-00T00:00:00", "full-date": "0000-00-00", "full-time": "00:00:00"}
_WORDS = {"0": "a digit", "T": "'T'"}
_OFFSET_RULE = "an offset is Z, +hh:mm or -hh:mm"
MAX_FRACTION = 64  # digits; more are an attack and no measurement
_MIDNIGHT = (23, 59)


@dataclass(frozen=True)
class Timestamp:
    """What a text said.

    Attributes:
        instant: in UTC, to the microsecond.
        nanosecond: the nanoseconds beyond it, 0 to 999; digits beyond these are dropped.
        leap_second: the text said :60; `instant` is what the chosen policy made of it.
        offset_known: False for `-00:00`, which means "UTC, the local offset is unknown".
        offset: the offset as it was written.
    """

    instant: dt.datetime
    nanosecond: int = 0
    leap_second: bool = False
    offset_known: bool = True
    offset: dt.timedelta = dt.timedelta(0)


def parse_rfc3339(
    text: str,
    *,
    leap: Literal["reject", "clamp", "smear"] = "reject",
    leap_check: Literal["grammar", "table"] = "grammar",
    fraction: Literal["truncate", "raise"] = "truncate",
) -> Timestamp:
    """Return the instant of a `date-time`; linear in the text's length.

    Args:
        leap: what becomes of 23:59:60: an error, the last microsecond before it, or what a clock
            shows that smears 24 hours (which moves every time near a leap second).
        leap_check: "table" also demands that the day had a leap second.
        fraction: what becomes of digits beyond nanoseconds.

    >>> str(parse_rfc3339("2026-03-29t01:30:45.5+02:00").instant)
    '2026-03-28 23:30:45.500000+00:00'
    >>> parse_rfc3339("2026-02-29T00:00:00Z")
    Traceback (most recent call last):
    velvet_datetime.errors.ParseError: '2026-02-29T00:00:00Z' stops at byte 8: 2026-02 has 28 days

    Raises:
        ParseError: the text is not valid; nothing else is raised for any text.
        LeapSecondError: (a ParseError) it is a leap second and `leap` is "reject".
    """
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        raise _explained(text, "date-time")
    year, month, day, hour, minute, second, digits, zone = found.groups()
    offset, known = _offset(text, zone)
    sixty = second == "60"
    micro = int(digits[:6].ljust(6, "0")) if digits else 0
    try:
        local = dt.datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            59 if sixty else int(second),
            micro,
            UTC,
        )
        instant = local - offset if offset else local
    except (ValueError, OverflowError):
        raise _out_of_range(text, 0) from None
    nano = int(digits[6:9].ljust(3, "0")) if digits and len(digits) > 6 else 0
    if digits and len(digits) > 9:
        _check_fraction(text, digits, fraction)
    if sixty:
        _check_leap(text, instant, leap, leap_check)
        if leap == "clamp":
            instant, nano = instant.replace(microsecond=999_999), 999
    if leap == "smear":
        instant = LeapTable.from_tzdata().smear(instant, leap_second=sixty)
    return Timestamp(instant, nano, sixty, known, offset)


def validate(text: str, kind: Kind = "date-time") -> ParseError | None:
    """Return None for a text that is valid by RFC 3339's grammar and ranges, else why not.

    The year 0000 and instants before the year 1 are valid here: only `datetime` cannot hold them.
    """
    if kind == "duration":
        try:
            parse_duration(text)
        except ParseError as error:
            return error
        return None
    if kind not in _SHAPES:
        raise ValueError(
            f"unknown kind {kind!r}: choose one of {', '.join([*_SHAPES, 'duration'])}"
        )
    return _problem(text, kind)


def format_rfc3339(instant: dt.datetime, *, digits: int | None = None) -> str:
    """Return an instant as text in UTC, with so many digits of the second (0 to 6), cut.

    Without `digits`, microseconds are written when there are some.
    """
    if digits is not None and not 0 <= digits <= 6:
        raise ValueError(f"digits is {digits}: choose 0 to 6")
    text = to_utc(instant).replace(tzinfo=None).isoformat()
    if digits is None:
        return text + "Z"
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(6, '0')[:digits]}Z" if digits else whole + "Z"


def _offset(text: str, zone: str) -> tuple[dt.timedelta, bool]:
    if zone in ("Z", "z"):
        return dt.timedelta(0), True
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise _explained(text, "date-time")
    offset = dt.timedelta(hours=hours, minutes=minutes)
    return (-offset if zone[0] == "-" else offset), zone != "-00:00"


def _check_fraction(text: str, digits: str, fraction: str) -> None:
    at = text.index(".") + 1
    if len(digits) > MAX_FRACTION:
        raise ParseError(text, at + MAX_FRACTION, f"a fraction has at most {MAX_FRACTION} digits")
    if fraction == "raise":
        raise ParseError(text, at + 9, "digits beyond nanoseconds would be lost")


def _check_leap(text: str, instant: dt.datetime, leap: str, check: str) -> None:
    if (instant.hour, instant.minute) != _MIDNIGHT:
        raise _explained(text, "date-time")
    if check == "table" and not LeapTable.from_tzdata().is_leap_day(instant.date()):
        raise ParseError(text, 17, f"there was no leap second on {instant.date()}")
    if leap == "reject":
        raise LeapSecondError(text, 17, "a leap second: choose leap='clamp' or leap='smear'")


def _explained(text: str, kind: Kind) -> ParseError:
    return _problem(text, kind) or _out_of_range(text, 0)


def _out_of_range(text: str, position: int) -> ParseError:
    found = _problem(text, "date-time")
    words = "the instant lies outside the years 1 to 9999"
    return found or ParseError(text, position, words)


def _problem(text: str, kind: Kind) -> ParseError | None:
    """Walk over a text and return where it breaks which rule; None if it is valid."""
    shape = _SHAPES[kind]
    for at, wanted in enumerate(shape):
        found = text[at : at + 1]
        if wanted == "0" and not ("0" <= found <= "9"):
            return ParseError(text, at, f"{_WORDS['0']} is expected{_end(found)}")
        if wanted != "0" and (found.upper() if found == "t" else found) != wanted:
            return ParseError(
                text, at, f"{_WORDS.get(wanted, repr(wanted))} is expected{_end(found)}"
            )
    if kind != "full-time":
        year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
        if not 1 <= month <= 12:
            return ParseError(text, 5, "a month is 01 to 12")
        # 0000 is a leap year of the proleptic calendar; 400 is the year with its calendar.
        days = calendar.monthrange(year or 400, month)[1]
        if not 1 <= day <= days:
            return ParseError(text, 8, f"{text[:7]} has {days} days")
    if kind == "full-date":
        return ParseError(text, 10, "nothing may follow a date") if len(text) > 10 else None
    return _time_problem(text, len(shape) - 8)


def _time_problem(text: str, at: int) -> ParseError | None:
    """Check a full-time that begins at a byte and whose digits and colons are there."""
    hour, minute, second = (int(text[at + k : at + k + 2]) for k in (0, 3, 6))
    for number, most, shift, name in ((hour, 23, 0, "an hour"), (minute, 59, 3, "a minute")):
        if number > most:
            return ParseError(text, at + shift, f"{name} is 00 to {most}")
    if second > 60:
        return ParseError(text, at + 6, "a second is 00 to 59, or 60 when it leaps")
    end = at + 8
    if text[end : end + 1] == ".":
        start = end = end + 1
        while "0" <= text[end : end + 1] <= "9":
            end += 1
        if end == start:
            return ParseError(text, end, "a digit is expected after the point")
    shift = 0
    found = text[end : end + 1]
    if found in ("Z", "z") and found:
        end += 1
    elif found in ("+", "-") and found:
        for k, wanted in enumerate("00:00", 1):
            here = text[end + k : end + k + 1]
            if not ("0" <= here <= "9" if wanted == "0" else here == ":"):
                return ParseError(text, end + k, _OFFSET_RULE)
        hours, minutes = int(text[end + 1 : end + 3]), int(text[end + 4 : end + 6])
        if hours > 23:
            return ParseError(text, end + 1, "an offset's hour is 00 to 23")
        if minutes > 59:
            return ParseError(text, end + 4, "an offset's minute is 00 to 59")
        shift = (hours * 60 + minutes) * (1 if found == "+" else -1)
        end += 6
    else:
        return ParseError(text, end, _OFFSET_RULE)
    if end < len(text):
        return ParseError(text, end, "nothing may follow the offset")
    if second == 60 and divmod((hour * 60 + minute - shift) % 1440, 60) != _MIDNIGHT:
        return ParseError(text, at + 6, "second 60 is only at 23:59:60 UTC")
    return None


def _end(found: str) -> str:
    return "" if found else ", the text ends"
