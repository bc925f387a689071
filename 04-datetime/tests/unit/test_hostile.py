"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from datetime import datetime, timezone

from velvet.hostile import Fixed, HostileTests, call
from velvet_datetime import cron, duration, ixdtf, parsers, posix_tz, resolve, rfc3339
from velvet_datetime.errors import DateTimeError

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
WALL = datetime(2026, 1, 2, 12)  # noqa: DTZ001 - a wall time is naive


class TestHostile(HostileTests):
    errors = (DateTimeError,)
    mutable = {"schedule.RunLedger"}
    calls = (
        call(cron.Cron.parse, "0 9 * * 1-5").but(of=(cron.Cron,)),
        call(duration.parse_duration, "PT1H"),
        call(ixdtf.parse_ixdtf, "2026-01-02T12:00:00Z[Europe/Berlin]"),
        call(ixdtf.format_ixdtf, NOON, "Europe/Berlin"),
        call(posix_tz.PosixTZ.parse, "CET-1CEST,M3.5.0,M10.5.0/3"),
        call(resolve.add_wall, WALL, "Europe/Berlin", years=1, months=1, weeks=1, days=1),
        call(rfc3339.parse_rfc3339, "2026-01-02T12:00:00Z"),
        call(rfc3339.validate, "2026-01-02T12:00:00Z"),
        call(rfc3339.format_rfc3339, NOON, digits=3),
        call(parsers.instant_of, Fixed("ours"), "2026-01-02T12:00:00Z"),
    )
    excepted = {
        "leap": "a table; its text is hostile in tests/unit",
        "matrix": "cases of an experiment",
        "meetings": "takes moments and zones; tests/unit",
        "nightly": "an experiment over rivals",
        "parsers": "finds a rival by its name",
        "posix_tz": "rules that the parser has checked",
        "schedule": "takes an expression that `Cron` checks",
        "truth": "compares engines",
        "tzif": "reads and writes files of zones; tests/unit",
    }
