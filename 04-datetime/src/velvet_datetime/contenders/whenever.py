"""whenever: a type for each idea; what is ambiguous has to be said."""

from __future__ import annotations

import datetime as dt

from whenever import Instant, OffsetDateTime, PlainDateTime, ZonedDateTime

label = "whenever"
distribution = "whenever"
Value = ZonedDateTime | OffsetDateTime


def parse(text: str) -> Value:
    """Read text, with a zone in brackets or with an offset alone."""
    return ZonedDateTime.parse_iso(text) if "[" in text else OffsetDateTime.parse_iso(text)


def from_wall(wall: dt.datetime, zone: str) -> ZonedDateTime:
    """Assume the zone, with the policy that Temporal and RFC 5545 call compatible."""
    return PlainDateTime(wall).assume_tz(zone, disambiguation="compatible")


def from_instant(instant: dt.datetime, zone: str) -> ZonedDateTime:
    """Convert."""
    return Instant(instant).to_tz(zone)


def to_zone(value: Value, zone: str) -> ZonedDateTime:
    """Convert a value to another zone."""
    return value.to_tz(zone)


def instant(value: Value) -> dt.datetime:
    """Return the instant."""
    return value.to_instant().to_stdlib()


def wall(value: Value) -> dt.datetime:
    """Return the clock."""
    return value.to_plain().to_stdlib()


def add_exact(value: ZonedDateTime, delta: dt.timedelta) -> ZonedDateTime:
    """Add exact time."""
    return value.add(seconds=delta.total_seconds())


def add_days(value: ZonedDateTime, days: int) -> ZonedDateTime:
    """Add calendar days."""
    return value.add(days=days, disambiguation="compatible")


def add_months(value: ZonedDateTime, months: int) -> ZonedDateTime:
    """Add calendar months."""
    return value.add(months=months, disambiguation="compatible")


def difference(end: Value, start: Value) -> dt.timedelta:
    """Subtract."""
    return (end - start).to_stdlib()


def equal(one: Value, other: Value) -> bool:
    """Compare."""
    return one == other


def iso(value: Value) -> str:
    """Write."""
    return value.format_iso()
