"""Zones for whole columns: two sorted arrays and a binary search instead of a call per row.

A `ZoneTable` holds a zone's changes between two instants. UTC to wall is one `searchsorted`; wall
to UTC is two, because a wall time has an offset before and one after a change, and comparing them says
gap or fold for every row at once, as `resolve` does for one. Rows outside the table are refused,
never extrapolated. Arrays are `datetime64[us]`, naive, in and out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from velvet_datetime.clock import UTC, Zone, to_utc, to_wall
from velvet_datetime.errors import DateTimeError, OutOfRangeError
from velvet_datetime.resolve import POLICIES, Disambiguation, resolve_local, transitions

Column = npt.NDArray[np.datetime64]
UNIQUE, GAP, FOLD = 0, 1, 2
_DAY_US = 86_400 * 10**6


def column(moments: list[dt.datetime]) -> Column:
    """Return datetimes as a column of UTC, or of wall times when they are naive."""
    plain = [(one if one.tzinfo is None else to_utc(one)).replace(tzinfo=None) for one in moments]
    return np.array(plain, dtype="datetime64[us]")


@dataclass(frozen=True)
class ZoneTable:
    """A zone's changes in a span of instants, as arrays of microseconds.

    Attributes:
        starts: the instants at which each offset begins; the first is the table's own start.
        offsets: the offsets from UTC.
        end: the first instant that the table does not know.
    """

    zone: Zone
    starts: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    end: int

    @classmethod
    def build(cls, zone: Zone, start: dt.datetime, end: dt.datetime) -> ZoneTable:
        """Return the table for instants in [start, end); a look-up a week, done once."""
        first, last = to_utc(start), to_utc(end)
        if first >= last:
            raise DateTimeError(f"the table would be empty: {first} is not before {last}")
        found = transitions(zone, first, last)
        before = to_wall(first, zone).replace(tzinfo=UTC) - first
        starts = [first, *(one.instant for one in found)]
        offsets = [before, *(one.after for one in found)]
        return cls(
            zone,
            _microseconds(column(starts)),
            np.array([round(one.total_seconds() * 1e6) for one in offsets], dtype=np.int64),
            int(_microseconds(column([last]))[0]),
        )

    def utc_to_wall(self, utc: Column) -> Column:
        """Return what a clock in the zone shows at each instant; O(n log changes).

        Raises:
            OutOfRangeError: an instant lies outside the table, or is NaT.
        """
        moments = _microseconds(utc)
        self._within(moments, int(self.starts[0]), self.end)
        place = np.searchsorted(self.starts, moments, side="right") - 1
        return _times(moments + self.offsets[place])

    def wall_to_utc(
        self, wall: Column, how: Disambiguation = "compatible"
    ) -> tuple[Column, npt.NDArray[np.int8]]:
        """Return the instant of each wall time, and whether it was UNIQUE, in a GAP or a FOLD.

        Raises:
            NonexistentTimeError, AmbiguousTimeError: `how` is "raise"; about the first such row.
            OutOfRangeError: a wall time lies within a day of the table's ends or beyond.
        """
        if how not in POLICIES:
            raise ValueError(f"unknown policy {how!r}: choose one of {', '.join(POLICIES)}")
        moments = _microseconds(wall)
        self._within(moments, int(self.starts[0]) + _DAY_US, self.end - _DAY_US)
        left, entered = self.offsets[:-1], self.offsets[1:]
        # On the wall, the old offset ends late (fold=0) and the new one begins early (fold=1).
        late = self.starts[1:] + np.maximum(left, entered)
        early = self.starts[1:] + np.minimum(left, entered)
        before = self.offsets[np.searchsorted(late, moments, side="right")]
        after = self.offsets[np.searchsorted(early, moments, side="right")]
        kinds = np.where(before < after, GAP, np.where(before > after, FOLD, UNIQUE))
        if how == "raise" and kinds.any():
            self._refuse(_times(moments)[kinds != UNIQUE][0])
        if how == "compatible":
            chosen = before
        else:
            pick = np.maximum if how == "earlier" else np.minimum
            chosen = pick(before, after)
        return _times(moments - chosen), kinds.astype(np.int8)

    def _refuse(self, row: Any) -> None:
        """Raise the error of one row, as the scalar function words it."""
        resolve_local(row.astype(object), self.zone, "raise")
        raise DateTimeError(f"{row} is not unique in the table of {self.zone}")

    def _within(self, moments: npt.NDArray[np.int64], low: int, high: int) -> None:
        if bool(((moments < low) | (moments >= high)).any()):
            ends = _times(np.array([low, high]))
            raise OutOfRangeError(f"rows must lie in [{ends[0]}, {ends[1]}): build a wider table")


def _microseconds(times: Column) -> npt.NDArray[np.int64]:
    if times.dtype.kind != "M":
        raise DateTimeError(f"a column of datetime64 is needed, not {times.dtype}")
    return times.astype("datetime64[us]").view(np.int64)


def _times(microseconds: npt.NDArray[np.int64]) -> Column:
    return microseconds.view("datetime64[us]")
