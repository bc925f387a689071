"""What one operation on one value costs, engine by engine, after each was seen to be right."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Suite, ratio, speedup
from velvet_datetime.comparisons import NEEDS, TIMED, meaning
from velvet_datetime.contenders import load

UTC = dt.timezone.utc
TEXT = "2026-03-29T01:30:45.123456+02:00"
PARSED = dt.datetime(2026, 3, 28, 23, 30, 45, 123456, UTC)
# A summer's day, far from any change: even the wrong ways are right there, so all do equal work.
NOON = dt.datetime(2026, 7, 1, 12, tzinfo=UTC)
ZONE = "America/New_York"
LATER = dt.timedelta(hours=4, minutes=30)
PARSERS = {
    "fromisoformat": ("python>=3.11",),
    "ours": (),
    "strptime": (),
    "ciso8601": ("ciso8601",),
    "dateutil isoparse": ("python-dateutil",),
    "dateutil parse": ("python-dateutil",),
    "pendulum": ("pendulum",),
    "arrow": ("arrow",),
    "whenever": ("whenever",),
    "pandas": ("pandas",),
}
LOOK_UPS = 300


def _native_parser(name: str) -> Callable[[str], Any]:
    """Return a library's own function, without a translation behind it."""
    from velvet_datetime.parsers import parser

    return load(name).parse if name in NEEDS else parser(name)


def _parse(name: str) -> Any:
    parse = _native_parser(name)
    return lambda: parse(TEXT)


def _convert(name: str) -> Any:
    engine = load(name)
    value = engine.from_instant(NOON, "UTC")
    return lambda: engine.to_zone(value, ZONE)


def _pendulum_kept() -> Any:
    import pendulum

    value = pendulum.instance(NOON)
    # Another city with the same rules: a zone that lives here would be found by its name there.
    zone = pendulum.timezone("America/Toronto")
    return lambda: value.in_timezone(zone)


def _add(name: str) -> Any:
    engine = load(name)
    value = engine.from_instant(NOON, ZONE)
    return lambda: engine.add_exact(value, LATER)


def _months(name: str) -> Any:
    engine = load(name)
    value = engine.from_instant(NOON, ZONE)
    return lambda: engine.add_months(value, 1)


def _iso(name: str) -> Any:
    engine = load(name)
    value = engine.from_instant(NOON, ZONE)
    return lambda: engine.iso(value)


def _check_text(text: str) -> bool:
    return dt.datetime.fromisoformat(text.partition("[")[0]).astimezone(UTC) == NOON


class _Kept(zoneinfo.ZoneInfo):
    """Zones with a cache of their own: what is kept here must not be found by the other rows."""


def _zones(how: str) -> Any:
    """Return a walk over random zones that keeps nothing, everything, or reads anew."""
    keys = sorted(zoneinfo.available_timezones())
    rng = random.Random(1)
    asked = [rng.choice(keys) for _ in range(LOOK_UPS)]
    kept = {key: _Kept(key) for key in keys} if how == "kept" else {}

    def one() -> int:
        return sum(zoneinfo.ZoneInfo(ZONE) is not None for _ in asked)

    def lru() -> int:
        return sum(zoneinfo.ZoneInfo(key) is not None for key in asked)

    def no_cache() -> int:
        return sum(zoneinfo.ZoneInfo.no_cache(key) is not None for key in asked)

    def from_dict() -> int:
        return sum(kept[key] is not None for key in asked)

    return {"one": one, "lru": lru, "no_cache": no_cache, "kept": from_dict}[how]


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    rows = suite.comparison("parse_iso", title=f"Read {TEXT}", unit="ns")
    for name, needs in PARSERS.items():
        rows.add(
            name,
            partial(_parse, name),
            needs=[n for n in needs if ">=" not in n],
            baseline=name == "fromisoformat",
        )
    rows.check(lambda value: meaning(value) == PARSED)
    suite.claim(
        "arrow.get takes at least ten times as long as fromisoformat",
        ratio("parse_iso", "arrow", "fromisoformat") >= 10,
    )
    suite.claim(
        "our strict parser in Python is faster than dateutil's strict one",
        speedup("parse_iso", "ours", "dateutil isoparse") >= 1.4,
    )
    suite.claim(
        "ciso8601 is faster than strptime by a factor of at least ten",
        speedup("parse_iso", "ciso8601", "strptime") >= 10,
    )

    rows = suite.comparison("convert_zone", title=f"UTC to {ZONE}", unit="ns")
    for name in TIMED:
        rows.add(name, partial(_convert, name), needs=NEEDS[name], baseline=name == "zoneinfo_wall")
    rows.add(
        "pendulum_kept",
        _pendulum_kept,
        needs="pendulum",
        tuned_of="pendulum",
        note="the zone object is kept, not looked up by its name",
    )
    rows.check(lambda value: meaning(value) == NOON)
    suite.claim(
        "pendulum converts several times faster when the zone object is kept",
        speedup("convert_zone", "pendulum_kept", "pendulum") >= 2,
    )
    suite.claim(
        "whenever converts faster than the standard library",
        speedup("convert_zone", "whenever", "zoneinfo_wall") >= 1.4,
    )

    rows = suite.comparison("exact_add", title="4 h 30 min later, far from any change", unit="ns")
    for name in TIMED:
        rows.add(
            name,
            partial(_add, name),
            needs=NEEDS[name],
            baseline=name == "zoneinfo_utc",
            note="wrong over a change" if name in ("zoneinfo_wall", "dateutil", "arrow") else "",
        )
    rows.check(lambda value: meaning(value) == NOON + LATER)
    suite.claim(
        "the detour over UTC costs a multiple of the wrong sum",
        ratio("exact_add", "zoneinfo_utc", "zoneinfo_wall") >= 3,
    )
    suite.claim(
        "and is still cheaper than pytz's normalize",
        speedup("exact_add", "zoneinfo_utc", "pytz") >= 1.4,
    )

    rows = suite.comparison("calendar_month", title="One month later", unit="ns")
    for name in ("dateutil", "pendulum", "arrow", "whenever", "pandas", "zoneinfo_utc"):
        rows.add(name, partial(_months, name), needs=NEEDS[name], baseline=name == "dateutil")
    rows.check(lambda value: meaning(value) == NOON.replace(month=8))

    rows = suite.comparison("format_iso", title="Write ISO 8601 with the offset", unit="ns")
    for name in TIMED:
        if name != "zoneinfo_utc":  # the same function
            rows.add(name, partial(_iso, name), needs=NEEDS[name], baseline=name == "zoneinfo_wall")
    rows.check(_check_text)

    rows = suite.comparison(
        "zone_load", title="One look-up of 300 among all zones", unit="us", items=LOOK_UPS
    )
    for how, note in {
        "one": "one key over and over",
        "kept": "random keys from a dictionary that keeps all zones",
        "lru": "random keys; zoneinfo keeps eight",
        "no_cache": "random keys, each file read",
    }.items():
        rows.add(how, partial(_zones, how), baseline=how == "one", note=note)
    rows.check(lambda count: count == LOOK_UPS)
    suite.claim(
        "keeping the zones is at least ten times faster than leaving it to zoneinfo's cache",
        speedup("zone_load", "kept", "lru") >= 10,
    )
