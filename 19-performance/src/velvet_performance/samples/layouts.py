"""Nine layouts of the same records of three integers: how each is made and how a field is summed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class PlainPoint:
    """Three attributes in a dictionary of their own."""

    def __init__(self, x: int, y: int, z: int) -> None:
        self.x, self.y, self.z = x, y, z


class SlotsPoint:
    """Three attributes at fixed places."""

    __slots__ = ("x", "y", "z")

    def __init__(self, x: int, y: int, z: int) -> None:
        self.x, self.y, self.z = x, y, z


@dataclass(slots=True)
class DataPoint:
    """The same, written by the dataclass decorator."""

    x: int
    y: int
    z: int


class NamedPoint(NamedTuple):
    """A tuple whose fields have names."""

    x: int
    y: int
    z: int


class Layout(NamedTuple):
    """One way to hold records: how they are made, and how a field is added up."""

    name: str
    build: Callable[[Sequence[int]], Any]
    scan: Callable[[Any], int]


def _attribute(points: list[Any]) -> int:
    return sum([point.x for point in points])


def _numpy_rows(values: Sequence[int]) -> Any:
    import numpy as np

    rows = np.zeros(len(values), dtype=[("x", np.int64), ("y", np.int64), ("z", np.int64)])
    for field in "xyz":
        rows[field] = values
    return rows


def _numpy_columns(values: Sequence[int]) -> Any:
    import numpy as np

    return {field: np.array(values, dtype=np.int64) for field in "xyz"}


LAYOUTS: dict[str, Layout] = {
    one.name: one
    for one in (
        Layout(
            "dict",
            lambda values: [{"x": v, "y": v, "z": v} for v in values],
            lambda rows: sum([row["x"] for row in rows]),
        ),
        Layout("class", lambda values: [PlainPoint(v, v, v) for v in values], _attribute),
        Layout("slots", lambda values: [SlotsPoint(v, v, v) for v in values], _attribute),
        Layout("dataclass", lambda values: [DataPoint(v, v, v) for v in values], _attribute),
        Layout("namedtuple", lambda values: [NamedPoint(v, v, v) for v in values], _attribute),
        Layout(
            "tuple",
            lambda values: [(v, v, v) for v in values],
            lambda rows: sum([row[0] for row in rows]),
        ),
        Layout(
            "array",
            lambda values: {field: array("q", values) for field in "xyz"},
            lambda columns: sum(columns["x"]),
        ),
        Layout("numpy_rows", _numpy_rows, lambda rows: int(rows["x"].sum())),
        Layout("numpy_columns", _numpy_columns, lambda columns: int(columns["x"].sum())),
    )
}
