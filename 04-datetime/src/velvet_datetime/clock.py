"""Instants and wall times, and the rule that keeps them apart.

- What *happened* is an instant: an aware `datetime` in UTC. Store that.
- What *will happen by a clock on a wall* (a meeting, a nightly job) is a naive `datetime` and the
  key of a zone. Store those, because a law may still change which instant they mean.
- Convert at the edge of the program, and never subtract or compare two aware datetimes of one zone:
  Python ignores their offsets then (PEP 495), so a day of 23 hours has 24.

The zone comes last and by its key; keys from outside go through `get_zone`, which opens no file
that is not in the database.
"""

from __future__ import annotations

import datetime as dt
import difflib
import zoneinfo
from functools import lru_cache

from velvet_datetime.errors import NaiveDatetimeError, OutOfRangeError, UnknownZoneError

UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
SECOND = dt.timedelta(seconds=1)
Zone = str | dt.tzinfo  # a tzinfo where a test or a law change brings its own data


def to_utc(moment: dt.datetime) -> dt.datetime:
    """Return an aware datetime as an instant in UTC.

    Raises:
        NaiveDatetimeError: it has no offset.
        OutOfRangeError: in UTC it lies outside the years 1 to 9999.
    """
    if moment.utcoffset() is None:
        raise NaiveDatetimeError(moment)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise OutOfRangeError(f"{moment} in UTC lies outside the years 1 to 9999") from None


def to_wall(instant: dt.datetime, zone: Zone) -> dt.datetime:
    """Return what a clock in the zone shows at an instant, naive."""
    try:
        return to_utc(instant).astimezone(get_zone(zone)).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise OutOfRangeError(f"{instant} in {zone} lies outside the years 1 to 9999") from None


def elapsed(start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """Return the time that really passes between two aware datetimes, whatever their zones."""
    return to_utc(end) - to_utc(start)


def get_zone(zone: Zone) -> dt.tzinfo:
    """Return the zone of a key, from the time zone database and nowhere else.

    Zones are kept, so the second look-up costs a dictionary's. Thread-safe.

    Raises:
        UnknownZoneError: the key is not in the database; the message says what is nearest.
    """
    if isinstance(zone, dt.tzinfo):
        return zone
    if not isinstance(zone, str):
        raise UnknownZoneError(zone)
    return _load(zone, zoneinfo.TZPATH)


@lru_cache(maxsize=1024)
def _load(key: str, path: tuple[str, ...]) -> dt.tzinfo:
    known = _known(path)
    if key not in known:
        raise UnknownZoneError(key, _hint(key, known))
    return zoneinfo.ZoneInfo(key)


@lru_cache(maxsize=8)
def _known(path: tuple[str, ...]) -> frozenset[str]:
    """Return the keys that a search path offers; the path is `zoneinfo.TZPATH`."""
    del path  # only the key of the cache: zoneinfo knows it already
    return frozenset(zoneinfo.available_timezones())


def _hint(key: str, known: frozenset[str]) -> str:
    if not known:
        return "this machine has no time zone database; pip install tzdata"
    if len(key) > 60 or not key.isascii():
        return ""
    by_lower = {name.lower(): name for name in known}
    near = by_lower.get(key.lower()) or next(iter(difflib.get_close_matches(key, known, 1)), None)
    return f"did you mean {near!r}?" if near else ""
