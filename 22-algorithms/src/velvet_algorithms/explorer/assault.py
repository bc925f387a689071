"""Attacks as curves: counted at once for small sizes, timed in a child for large ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from velvet_algorithms.adversary import ATTACKS, AttackPoint, attack_curve
from velvet_algorithms.fits import PowerFit, fit_power

QUICK_SIZES = (32, 64, 128, 256, 512)
SMALLEST = 64
BUDGET_S = 11.0
# Doubling the size of a quadratic attack takes four times as long, and the killer has to be made as well.
_NEXT = 5.0
# Where a size takes less than this, it is run some more times, and the least time counts.
_SHORT_S, _MORE = 0.3, 2
SIDES = ("ordinary", "hostile", "defended")
Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class AttackRequest:
    """Which attack, up to which size."""

    name: str
    largest: int

    @property
    def sizes(self) -> list[int]:
        """Sizes from 64 on, each the double of the one before; the largest is the last."""
        found = []
        n = self.largest
        while n >= SMALLEST:
            found.append(n)
            n //= 2
        return found[::-1]

    def problems(self) -> list[str]:
        """Return what is wrong with the request; empty when nothing is."""
        if self.name not in ATTACKS:
            return [f"attack must be one of {', '.join(ATTACKS)}, not {self.name!r}"]
        most, least = ATTACKS[self.name].largest, 4 * SMALLEST
        if not least <= self.largest <= most:
            return [f"the largest size must be {least} to {most:,} for this, not {self.largest:,}"]
        return []

    def argv(self) -> list[str]:
        """Return the arguments after the interpreter that run this.

        Raises:
            ValueError: something is wrong with the request.
        """
        if problems := self.problems():
            raise ValueError("; ".join(problems))
        sizes = [str(n) for n in self.sizes]
        module = "velvet_algorithms.explorer.child"
        return ["-m", module, "attack", "--name", self.name, "--sizes", *sizes]


@dataclass
class AssaultRun:
    """An attack in progress or ended.

    Attributes:
        left: sizes that were left out because the time was up.
    """

    name: str = ""
    points: list[AttackPoint] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    total: int = 0
    finished: bool = False

    def series(self, side: str, unit: str) -> list[tuple[float, float]]:
        """Return (size, cost) of one side; `unit` is `seconds` or `operations`.

        Operations are comparisons and one visit a key: a dictionary of ordinary keys compares none.
        """
        visits = unit == "operations"
        return [
            (float(one.n), float(getattr(one, f"{side}_{unit}") + visits * one.n))
            for one in self.points
        ]

    def fit(self, side: str, unit: str) -> PowerFit | None:
        """Return how a side's cost grows, or None with fewer than three sizes."""
        points = self.series(side, unit)
        if len(points) < 3:
            return None
        return fit_power([n for n, _ in points], [cost for _, cost in points])


def quick_assault(name: str) -> AssaultRun:
    """Run an attack at small sizes; takes some hundredths of a second."""
    points = attack_curve(name, QUICK_SIZES)
    return AssaultRun(name, points, [], len(QUICK_SIZES), True)


def assault(
    name: str,
    sizes: Sequence[int],
    tell: Tell,
    *,
    clock: Callable[[], float] = time.monotonic,
    budget_s: float = BUDGET_S,
) -> None:
    """Run an attack size by size and tell each point; stop before the time is up.

    Args:
        tell: gets a line of the type `begin`, then `point` and perhaps `left` lines.
        clock: seconds, for the budget.
    """
    tell({"type": "begin", "name": name, "total": len(sizes)})
    began, took = clock(), 0.0
    for n in sizes:
        if clock() - began + took * _NEXT > budget_s:
            tell({"type": "left", "n": n})
            continue
        started = clock()
        points = attack_curve(name, [n])
        took = clock() - started
        if took < _SHORT_S:
            points += attack_curve(name, [n] * _MORE)
        tell({"type": "point", **_least(points)})


def _least(points: Sequence[AttackPoint]) -> dict[str, float]:
    """Return the point with the least seconds of several; what is counted is equal in all."""
    rows = [asdict(point) for point in points]
    return {name: min(row[name] for row in rows) for name in rows[0]}


def read_assault(events: Iterable[dict[str, Any]]) -> AssaultRun:
    """Return what the child told so far; lines of other types are passed over."""
    run = AssaultRun()
    for event in events:
        kind = event.get("type")
        if kind == "begin":
            run.name, run.total = event["name"], event["total"]
        elif kind == "point":
            run.points.append(AttackPoint(**{k: v for k, v in event.items() if k != "type"}))
        elif kind == "left":
            run.left.append(event["n"])
        elif kind == "done":
            run.finished = True
    return run
