"""Schedulers: ten years of nights in seven zones, and what one question for the next run costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from velvet.bench import Suite, speedup, value
from velvet_datetime.nightly import SCHEDULERS, ZONES, simulate

UTC = dt.timezone.utc
BERLIN = "Europe/Berlin"
QUICK_ZONES = (BERLIN, "America/Havana")
RUNS = 60
# Away from a change, so that every library gives the same runs.
START = dt.datetime(2026, 4, 10, tzinfo=UTC)


def _simulated(name: str, zone: str) -> Callable[[], dict[str, float]]:
    def measure() -> dict[str, float]:
        found = simulate(SCHEDULERS[name][0], zone)
        return {
            "duplicates": float(found.duplicates),
            "missed": float(found.missed),
            "wrong_wall": float(found.wrong_wall),
            "moved": float(found.moved),
        }

    return measure


def _next(name: str) -> Any:
    make: Callable[..., Iterator[dt.datetime]] = SCHEDULERS[name][0]

    def runs() -> list[dt.datetime]:
        return list(islice(make(ZONES[BERLIN], BERLIN, START), RUNS))

    return runs


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    rows = suite.comparison(
        "nightly_job",
        title="A job at 02:30 (or 00:30), 3,653 nights, 2016 to 2025",
        kind="value",
        unit="nights",
        sizes={"zone": list(ZONES)},
        quick=lambda zone: zone in QUICK_ZONES,
        metrics={
            "duplicates": "nights",
            "missed": "nights",
            "wrong_wall": "nights",
            "moved": "nights",
        },
    )
    for name, (_, needs) in SCHEDULERS.items():
        rows.add(
            name, partial(_simulated, name), needs=needs or (), baseline=name == "utc_plus_24h"
        )
    for zone in ZONES:
        at = {"zone": zone}
        suite.claim(
            f"our schedule runs each of 3,653 nights in {zone} once and at its time",
            (value("nightly_job", "ours", "duplicates", **at) <= 0)
            & (value("nightly_job", "ours", "missed", **at) <= 0)
            & (value("nightly_job", "ours", "wrong_wall", **at) <= 0),
            tier="quick" if zone in QUICK_ZONES else "default",
        )
    suite.claim(
        "croniter runs the job twice on at least eight nights in Berlin",
        value("nightly_job", "croniter", "duplicates", zone=BERLIN) >= 8,
    )
    suite.claim(
        "adding 24 h in UTC is at the wrong wall time for more than half of the nights in Berlin",
        value("nightly_job", "utc_plus_24h", "wrong_wall", zone=BERLIN) >= 1900,
    )

    rows = suite.comparison(
        "next_run", title=f"The next run, of {RUNS} in a row", unit="us", items=RUNS
    )
    for name, (_, needs) in SCHEDULERS.items():
        if name != "utc_plus_24h":
            rows.add(name, partial(_next, name), needs=needs or (), baseline=name == "croniter")
    rows.same_result()
    suite.claim(
        "our next run costs at most half of croniter's",
        speedup("next_run", "ours", "croniter") >= 2,
    )
