"""Columns: the same answers as one at a time, and rows outside the table."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from velvet_datetime.bulk import FOLD, GAP, UNIQUE, ZoneTable, column
from velvet_datetime.errors import (
    AmbiguousTimeError,
    DateTimeError,
    NonexistentTimeError,
    OutOfRangeError,
)
from velvet_datetime.resolve import Disambiguation, resolve_local

UTC = dt.timezone.utc
BERLIN = "Europe/Berlin"
TABLE = ZoneTable.build(
    BERLIN, dt.datetime(2025, 1, 1, tzinfo=UTC), dt.datetime(2027, 1, 1, tzinfo=UTC)
)
WALLS = [
    dt.datetime(2026, 3, 29, 2, 30),
    dt.datetime(2026, 10, 25, 2, 30),
    dt.datetime(2026, 7, 1, 12),
]


@pytest.mark.parametrize("how", ["compatible", "earlier", "later"])
def test_walls_are_resolved_as_one_at_a_time(how: Disambiguation) -> None:
    got, kinds = TABLE.wall_to_utc(column(WALLS), how)

    assert kinds.tolist() == [GAP, FOLD, UNIQUE]
    assert got.tolist() == [resolve_local(wall, BERLIN, how).replace(tzinfo=None) for wall in WALLS]


def test_instants_are_converted_as_one_at_a_time() -> None:
    instants = [resolve_local(wall, BERLIN) for wall in WALLS]

    assert TABLE.utc_to_wall(column(instants)).tolist() == [WALLS[0].replace(hour=3), *WALLS[1:]]


def test_the_first_bad_row_is_named() -> None:
    with pytest.raises(NonexistentTimeError, match="2026-03-29 02:30"):
        TABLE.wall_to_utc(column(WALLS), "raise")
    with pytest.raises(AmbiguousTimeError, match="2026-10-25 02:30"):
        TABLE.wall_to_utc(column(WALLS[1:]), "raise")
    assert TABLE.wall_to_utc(column(WALLS[2:]), "raise")[1].tolist() == [UNIQUE]


def test_rows_outside_the_table_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="build a wider table"):
        TABLE.utc_to_wall(column([dt.datetime(2027, 1, 1)]))
    with pytest.raises(OutOfRangeError):
        TABLE.wall_to_utc(column([dt.datetime(2025, 1, 1)]))
    with pytest.raises(OutOfRangeError):
        TABLE.utc_to_wall(np.array(["NaT"], dtype="datetime64[us]"))


def test_an_empty_column_and_a_zone_without_changes() -> None:
    utc = ZoneTable.build(
        "UTC", dt.datetime(2025, 1, 1, tzinfo=UTC), dt.datetime(2026, 1, 1, tzinfo=UTC)
    )

    assert utc.utc_to_wall(column([])).tolist() == []
    assert utc.utc_to_wall(column(WALLS[:0] + [dt.datetime(2025, 5, 5)])).tolist() == [
        dt.datetime(2025, 5, 5)
    ]


def test_a_stale_table_says_so() -> None:
    wrong = ZoneTable("UTC", TABLE.starts, TABLE.offsets, TABLE.end)

    with pytest.raises(DateTimeError, match="not unique in the table"):
        wrong.wall_to_utc(column(WALLS), "raise")


@pytest.mark.parametrize(
    "call",
    [
        lambda: TABLE.utc_to_wall(np.array([1.5])),
        lambda: TABLE.wall_to_utc(column(WALLS), "guess"),  # type: ignore[arg-type]
        lambda: ZoneTable.build(
            BERLIN, dt.datetime(2026, 1, 1, tzinfo=UTC), dt.datetime(2026, 1, 1, tzinfo=UTC)
        ),
    ],
)
def test_bad_columns_are_refused(call: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the package's own and NumPy's
        call()  # type: ignore[operator]
