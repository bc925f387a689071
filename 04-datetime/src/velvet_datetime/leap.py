"""Leap seconds: the table, TAI and GPS time, and the smear that hides them.

UTC has had 27 days of 86,401 seconds. POSIX time and `datetime` pretend that it had none, so a
difference over such a midnight is a second short. The table comes with the tzdata package and
expires (IERS Bulletin C): after that day it may miss one.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from velvet_datetime.clock import EPOCH, SECOND, UTC, to_utc
from velvet_datetime.errors import DateTimeError, OutOfRangeError

FIRST_OFFSET = 10  # TAI - UTC in seconds since 1972-01-01, when the system began
_BEGIN = dt.datetime(1972, 1, 1, tzinfo=UTC)
GPS_BEHIND_TAI = 19 * SECOND
_HALF_DAY = dt.timedelta(hours=12)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LINE = re.compile(
    r"^Leap\s+(\d{4})\s+([A-Z][a-z]{2})\s+(\d\d?)\s+23:59:60\s+\+", re.MULTILINE | re.ASCII
)
_EXPIRES = re.compile(r"^#expires\s+(\d+)", re.MULTILINE | re.ASCII)


class ExpiredTableWarning(UserWarning):
    """The leap second table is older than what it is asked about."""


@dataclass(frozen=True)
class LeapTable:
    """All leap seconds so far.

    Attributes:
        after: the midnights that came a second late, ascending.
        expires: until when the table is known to be complete.
    """

    after: tuple[dt.datetime, ...]
    expires: dt.datetime

    @classmethod
    def parse(cls, text: str) -> LeapTable:
        """Read the tz database's `leapseconds` file.

        Raises:
            DateTimeError: there is no line in it, or no date of expiry.
        """
        expires = _EXPIRES.search(text)
        days = [
            dt.datetime(int(year), _MONTHS.index(month) + 1, int(day), tzinfo=UTC)
            for year, month, day in _LINE.findall(text)
        ]
        if not days or expires is None:
            raise DateTimeError("this is no leap second file of the tz database")
        after = tuple(sorted(day + dt.timedelta(days=1) for day in days))
        return cls(after, EPOCH + int(expires[1]) * SECOND)

    @classmethod
    @lru_cache(maxsize=1)
    def from_tzdata(cls) -> LeapTable:
        """Return the table that the tzdata package brings."""
        place = resources.files("tzdata") / "zoneinfo" / "leapseconds"
        return cls.parse(place.read_text(encoding="ascii"))

    def is_leap_day(self, date: dt.date) -> bool:
        """Whether the UTC day ended with 23:59:60."""
        return date in {(one - SECOND).date() for one in self.after}

    def tai_offset(self, instant: dt.datetime) -> int:
        """Return TAI - UTC in whole seconds at an instant; warns after the table's expiry.

        Raises:
            OutOfRangeError: before 1972 the two differed by fractions.
        """
        moment = to_utc(instant)
        if moment < _BEGIN:
            raise OutOfRangeError(f"{moment} is before 1972, when UTC had no leap seconds yet")
        if moment >= self.expires:
            words = f"{moment} is after the leap second table's expiry at {self.expires}"
            warnings.warn(words, ExpiredTableWarning, stacklevel=2)
        return FIRST_OFFSET + bisect_right(self.after, moment)

    def utc_to_tai(self, instant: dt.datetime, *, leap_second: bool = False) -> dt.datetime:
        """Return what a TAI clock shows, naive; `leap_second` says that the instant is in :60.

        A leap second is given as the :59 before it, since a `datetime` has no :60.
        """
        offset = self.tai_offset(instant) + leap_second
        return to_utc(instant).replace(tzinfo=None) + offset * SECOND

    def tai_to_utc(self, tai: dt.datetime) -> tuple[dt.datetime, bool]:
        """Return the instant and whether it lies in a leap second, which then is its :59."""
        for count in range(len(self.after), 0, -1):
            offset = FIRST_OFFSET + count
            ends = self.after[count - 1].replace(tzinfo=None) + offset * SECOND
            if tai >= ends - SECOND:
                return (tai - offset * SECOND).replace(tzinfo=UTC), tai < ends
        return (tai - FIRST_OFFSET * SECOND).replace(tzinfo=UTC), False

    def gps(self, instant: dt.datetime, *, leap_second: bool = False) -> dt.datetime:
        """Return what a GPS clock shows: it began in 1980, 19 s behind TAI, and never leaps."""
        return self.utc_to_tai(instant, leap_second=leap_second) - GPS_BEHIND_TAI

    def smear(self, instant: dt.datetime, *, leap_second: bool = False) -> dt.datetime:
        """Return what a clock shows that smears from noon to noon, as public NTP servers do.

        86,401 true seconds are shown as 86,400 longer ones; outside the window nothing changes.
        """
        moment = to_utc(instant)
        for midnight in self.after:
            start = midnight - _HALF_DAY
            if start <= moment < midnight + _HALF_DAY:
                true = (
                    moment - start + (SECOND if leap_second or moment >= midnight else 0 * SECOND)
                )
                return start + true * 86_400 / 86_401
        return moment
