"""What the growth lab's child told, as curves with fits and the sizes at which they cross."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Any

from velvet_algorithms.growth import Growth, Model, PowerFit, crossover

# A lead below this is noise, and so is a crossing of two curves that never part.
CLEAR_LEAD = 1.15


@dataclass
class Curve:
    """Seconds of one contender by size, as far as they are known."""

    name: str
    kind: str
    sizes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def growth(self) -> Growth | None:
        """Sizes and seconds to be fitted; None with fewer than three."""
        if len(self.sizes) < 3:
            return None
        return Growth(tuple(self.sizes), tuple(self.seconds))

    @property
    def power(self) -> PowerFit | None:
        """The fitted exponent with its interval, if there are sizes enough."""
        return self.growth.power if self.growth else None

    @property
    def shape(self) -> Model | None:
        """The shape that foretells left-out sizes best, if there are sizes enough."""
        return self.growth.model if self.growth and min(self.sizes) >= 2 else None

    @property
    def label(self) -> str:
        """Name and exponent."""
        return f"{self.name}: {self.power}".replace("+-", "±") if self.power else self.name


@dataclass(frozen=True)
class Crossing:
    """From about `size` on, `faster` costs less than `slower`, here at `seconds` each."""

    slower: str
    faster: str
    size: float
    seconds: float


@dataclass
class LabRun:
    """A measurement in progress, ended or recorded.

    Attributes:
        left: (contender, size, why) of what was not measured.
        differs: what to say about answers that were not equal; empty when all were.
    """

    family: str = ""
    curves: dict[str, Curve] = field(default_factory=dict)
    left: list[tuple[str, int, str]] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    done: int = 0
    total: int = 0
    finished: bool = False

    @property
    def enough(self) -> bool:
        """Whether every fit rests on five sizes that span a factor of 30 or more."""
        grown = [curve.growth for curve in self.curves.values()]
        return bool(grown) and all(one is not None and one.enough for one in grown)

    def add(self, name: str, kind: str, n: int, seconds: float) -> None:
        """Add one point."""
        curve = self.curves.setdefault(name, Curve(name, kind))
        curve.sizes.append(n)
        curve.seconds.append(seconds)


def read_lab(events: Iterable[dict[str, Any]]) -> LabRun:
    """Return what the child told so far; lines of other types are passed over."""
    run = LabRun()
    for event in events:
        kind = event.get("type")
        if kind == "begin":
            run.family, run.total = event["family"], event["total"]
        elif kind == "point":
            run.add(event["name"], event["kind"], event["n"], event["seconds"])
        elif kind == "left":
            run.left.append((event["name"], event["n"], event["why"]))
        elif kind == "differs":
            first, second = event["names"]
            run.differs.append(f"{first} and {second} answer differently at n = {event['n']:,}")
        elif kind == "done":
            run.finished = True
        run.done = event.get("done", run.done)
    return run


def read_recording(text: str) -> dict[str, LabRun]:
    """Return recorded runs by family; each begins with a line of the type `begin`.

    Raises:
        ValueError: the first line is of another type, or a line is no JSON.
    """
    parts: dict[str, list[dict[str, Any]]] = {}
    family = ""
    for line in text.splitlines():
        event = json.loads(line)
        if event.get("type") == "begin":
            family = event["family"]
        if not family:
            raise ValueError(f"a recording begins with a line of type 'begin', not {line[:60]!r}")
        parts.setdefault(family, []).append(event)
    return {name: read_lab(events) for name, events in parts.items()}


def crossings(curves: Sequence[Curve]) -> list[Crossing]:
    """Return where one curve leaves another behind for good, by size.

    Only sizes at which both were measured count, and only a pair that is clearly apart on both sides.
    """
    found = []
    for slower, faster in permutations(curves, 2):
        common = sorted(set(slower.sizes) & set(faster.sizes))
        if len(common) < 2:
            continue
        a, b = _at(slower, common), _at(faster, common)
        leads = [x / y for x, y in zip(a.values, b.values, strict=True)]
        size = crossover(a, b)
        if size is None or leads[-1] < CLEAR_LEAD or min(leads) > 1 / CLEAR_LEAD:
            continue
        found.append(Crossing(slower.name, faster.name, size, _between(b, size)))
    return sorted(found, key=lambda one: one.size)


def _at(curve: Curve, sizes: list[int]) -> Growth:
    known = dict(zip(curve.sizes, curve.seconds, strict=True))
    return Growth(tuple(sizes), tuple(known[n] for n in sizes))


def _between(growth: Growth, size: float) -> float:
    """Return the cost at a size between two measured ones, on a straight line in the logarithms."""
    for (n, low), (m, high) in pairwise(zip(growth.sizes, growth.values, strict=True)):
        if n <= size <= m:
            return float(low * (high / low) ** (math.log(size / n) / math.log(m / n)))
    return growth.values[-1]
