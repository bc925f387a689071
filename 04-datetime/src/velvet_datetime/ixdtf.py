"""Timestamps that carry their zone (RFC 9557).

`2026-07-01T12:00:00+02:00[Europe/Berlin]` says an instant *and* the rule by which it moves. The two
can contradict each other: the law changed since, or the text was edited. Which of them is right is
no parser's decision, so `on_mismatch` is explicit and the default refuses. `Z` and `-00:00` mean
"the local offset is unknown" and contradict no zone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from velvet_datetime.clock import Zone, get_zone, to_utc
from velvet_datetime.errors import OffsetMismatchError, ParseError
from velvet_datetime.resolve import Disambiguation, classify_local, resolve_local
from velvet_datetime.rfc3339 import Timestamp, format_rfc3339, parse_rfc3339

_TAG = re.compile(
    r"\[(!?)(?:([a-z_][a-z0-9_-]{0,62})=([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)|([^\[\]=]{1,80}))\]"
)
_OFFSET_ZONE = re.compile(r"([+-])([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
KNOWN_TAGS = frozenset({"u-ca"})  # the calendar, the one key that is registered
MAX_SUFFIX = 1000  # characters


@dataclass(frozen=True)
class ZonedTimestamp:
    """An instant with the zone that its text names.

    Attributes:
        zone: the key or the offset in brackets; None when there was none.
        tags: what else stood in brackets, such as ``u-ca``.
    """

    timestamp: Timestamp
    zone: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def instant(self) -> dt.datetime:
        """The instant in UTC."""
        return self.timestamp.instant


def parse_ixdtf(
    text: str,
    *,
    disambiguation: Disambiguation = "compatible",
    on_mismatch: Literal["reject", "use_offset", "use_zone"] = "reject",
) -> ZonedTimestamp:
    """Return instant, zone and tags of an extended timestamp.

    Args:
        disambiguation: for a wall time that is not unique, where `use_zone` drops the offset.
        on_mismatch: what holds when the zone has another offset at that wall time.

    Raises:
        ParseError: the text is not valid, or a critical tag (``!``) is unknown.
        OffsetMismatchError, UnknownZoneError: offset and zone contradict; there is no such zone.
    """
    end = text.find("[")
    stamp = parse_rfc3339(text if end < 0 else text[:end])
    zone, tags = _suffix(text, end) if end >= 0 else (None, {})
    if zone is None:
        return ZonedTimestamp(stamp, zone, tags)
    known = _zone(zone)
    unknown_offset = not stamp.offset_known or text[end - 1] in "Zz"
    if unknown_offset:
        return ZonedTimestamp(stamp, zone, tags)
    wall = (stamp.instant + stamp.offset).replace(tzinfo=None)
    info = classify_local(wall, known)
    if stamp.instant in (info.earlier, info.later) and info.kind.value != "gap":
        return ZonedTimestamp(stamp, zone, tags)
    if on_mismatch == "reject":
        at = max(text.rfind("+", 0, end), text.rfind("-", 0, end))
        raise OffsetMismatchError(text, at, f"{zone} has no such offset at {wall}")
    if on_mismatch == "use_zone":
        instant = resolve_local(wall, known, disambiguation)
        stamp = Timestamp(instant, stamp.nanosecond, offset=stamp.offset)
    return ZonedTimestamp(stamp, zone, tags)


def _suffix(text: str, at: int) -> tuple[str | None, dict[str, str]]:
    if len(text) - at > MAX_SUFFIX:
        raise ParseError(text, at, f"a suffix has at most {MAX_SUFFIX} characters")
    zone: str | None = None
    tags: dict[str, str] = {}
    start = at
    while at < len(text):
        found = _TAG.match(text, at)
        if found is None:
            raise ParseError(text, at, "a suffix is [zone], then [key=value]")
        critical, key, value, name = found.groups()
        if name is not None and at > start:
            raise ParseError(text, at, "only the first bracket may name a zone")
        if name is not None:
            zone = name
        elif key not in KNOWN_TAGS and critical:
            raise ParseError(text, at, f"the critical tag {key!r} is unknown")
        elif key in tags and (critical or f"[!{key}=" in text):
            raise ParseError(text, at, f"the critical tag {key!r} stands twice")
        else:
            tags.setdefault(key, value)
        at = found.end()
    return zone, tags


def _zone(zone: str) -> Zone:
    found = _OFFSET_ZONE.fullmatch(zone)
    if found is None:
        return get_zone(zone)
    sign, hours, minutes = found.groups()
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes))
    return dt.timezone(-offset if sign == "-" else offset)


def format_ixdtf(instant: dt.datetime, zone: str) -> str:
    """Return an instant with the local time, the offset and the key of a zone.

    >>> format_ixdtf(dt.datetime(2026, 7, 1, 10, tzinfo=dt.timezone.utc), "Europe/Berlin")
    '2026-07-01T12:00:00+02:00[Europe/Berlin]'

    An offset with seconds, as before about 1920, has no form in RFC 3339; then UTC is written.
    """
    local = to_utc(instant).astimezone(get_zone(zone))
    offset = local.utcoffset() or dt.timedelta(0)
    if offset.total_seconds() % 60:
        return f"{format_rfc3339(instant)}[{zone}]"
    return f"{local.isoformat()}[{zone}]"
