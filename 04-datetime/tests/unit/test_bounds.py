"""What is a value here, and stays one."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from velvet_datetime.bulk import ZoneTable
from velvet_datetime.contenders import load
from velvet_datetime.cron import Cron
from velvet_datetime.duration import parse_duration
from velvet_datetime.environment import tz_report
from velvet_datetime.ixdtf import parse_ixdtf
from velvet_datetime.leap import LeapTable
from velvet_datetime.matrix import cases, judge, run_matrix
from velvet_datetime.meetings import FutureEvent
from velvet_datetime.nightly import ours, simulate
from velvet_datetime.posix_tz import PosixTZ
from velvet_datetime.resolve import classify_local
from velvet_datetime.rfc3339 import parse_rfc3339
from velvet_datetime.schedule import Schedule
from velvet_datetime.truth import divergence
from velvet_datetime.tzif import TZif, compiled

BERLIN = "Europe/Berlin"
NOON = "2026-07-01T12:00:00Z"
START, END = (dt.datetime(2026, month, 1, tzinfo=dt.timezone.utc) for month in (1, 7))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ZoneTable.build(BERLIN, START, END),
        lambda: Cron.parse("* * * * *"),
        lambda: parse_duration("P1D"),
        tz_report,
        lambda: parse_ixdtf(NOON),
        LeapTable.from_tzdata,
        lambda: cases()[0],
        lambda: judge(load("zoneinfo_utc"), cases()[0]),
        lambda: run_matrix({}),
        lambda: FutureEvent.plan("x", dt.datetime(2027, 1, 1, 9), BERLIN),
        lambda: simulate(ours, BERLIN, first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 2)),
        lambda: PosixTZ.parse("CET-1"),
        lambda: PosixTZ.parse("CET-1CEST,M3.5.0,M10.5.0").start,
        lambda: PosixTZ.parse("CET-1").at(0),
        lambda: classify_local(dt.datetime(2027, 1, 1, 9), BERLIN),
        lambda: parse_rfc3339(NOON),
        lambda: Schedule.of("* * * * *", BERLIN),
        lambda: divergence(load("zoneinfo_utc"), [BERLIN]),
        lambda: TZif.parse(compiled(BERLIN)),
    ],
)
def test_a_value_cannot_be_changed(make: Callable[[], Any]) -> None:
    value = make()

    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, None)
