"""What goes wrong with times, one type each, so that a caller can catch exactly one of them.

Every error is a ValueError that keeps its fields as attributes and survives pickling: the
positional arguments are the fields, and the sentence is made when it is asked for. Foreign text is
quoted with `ascii()` and cut, because it may hold lone surrogates or a million digits.
"""

from __future__ import annotations

import datetime as dt

_QUOTED = 60  # characters of foreign text in a message


def quoted(text: object) -> str:
    """Return foreign text for a message: ASCII, one line, cut.

    >>> quoted("2026-0\\u09ea" + "1" * 100)
    "'2026-0\\\\u09ea111111111111111111111111111111111111111111111111'... (107 characters)"
    """
    if not isinstance(text, str):
        return f"{type(text).__name__}"
    cut = ascii(text[: _QUOTED - 5])
    return cut if len(text) <= _QUOTED - 5 else f"{cut}... ({len(text)} characters)"


class DateTimeError(ValueError):
    """The base of all errors of this package."""


class NaiveDatetimeError(DateTimeError, TypeError):
    """A datetime without an offset was given where an instant is needed."""

    def __init__(self, value: dt.datetime) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return f"{self.value!s} has no offset, so it is no instant: resolve it in a zone first"


class OutOfRangeError(DateTimeError, OverflowError):
    """The result lies outside the years 1 to 9999, or outside the range of a table."""


class UnknownZoneError(DateTimeError):
    """The time zone database has no such key."""

    def __init__(self, key: object, hint: str = "") -> None:
        super().__init__(key, hint)
        self.key, self.hint = key, hint

    def __str__(self) -> str:
        return f"there is no time zone {quoted(self.key)}{': ' + self.hint if self.hint else ''}"


class NonexistentTimeError(DateTimeError):
    """The wall time lies in a gap: clocks never showed it.

    Attributes:
        gap: first and last wall time of the gap; the last one exists again.
    """

    def __init__(self, wall: dt.datetime, zone: str, gap: tuple[dt.datetime, dt.datetime]) -> None:
        super().__init__(wall, zone, gap)
        self.wall, self.zone, self.gap = wall, zone, gap

    def __str__(self) -> str:
        start, end = self.gap
        return f"{self.wall} does not exist in {self.zone}: clocks went from {start} to {end}"


class AmbiguousTimeError(DateTimeError):
    """The wall time lies in a fold: clocks showed it twice."""

    def __init__(
        self, wall: dt.datetime, zone: str, candidates: tuple[dt.datetime, dt.datetime]
    ) -> None:
        super().__init__(wall, zone, candidates)
        self.wall, self.zone, self.candidates = wall, zone, candidates

    def __str__(self) -> str:
        first, second = self.candidates
        return f"{self.wall} happens twice in {self.zone}: at {first} and at {second}"


class ParseError(DateTimeError):
    """A text breaks the grammar.

    Attributes:
        position: the byte where reading stopped. Everything before it is ASCII, so it is the
            character, too.
        rule: what was expected there.
    """

    def __init__(self, text: str, position: int, rule: str) -> None:
        super().__init__(text, position, rule)
        self.text, self.position, self.rule = text, position, rule

    def __str__(self) -> str:
        return f"{quoted(self.text)} stops at byte {self.position}: {self.rule}"


class LeapSecondError(ParseError):
    """The text names a leap second, which a `datetime` cannot hold."""


class OffsetMismatchError(ParseError):
    """The offset of a text is not one that its zone has at that wall time."""


class TzifError(DateTimeError):
    """A TZif file or a POSIX TZ string breaks RFC 9636."""


class CronError(DateTimeError):
    """A cron expression breaks a rule, or no day of the calendar can satisfy it."""
