"""What a chart says, read back from what a library made, and the difference between two charts.

A picture differs with fonts, smoothing and platform. These facts do not: kind, labels, domains,
scales, and for every series its name, colour, number of marks and where they lie. Two charts with
an empty difference show the reader the same thing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from velvet_visualization.scene import Scene

RTOL = 1e-6  # positions come back through pixels or days, which costs a few digits


@dataclass(frozen=True)
class SeriesFacts:
    """One series as drawn.

    Attributes:
        color: of the stroke, ``#rrggbb``; empty where colour shows a value.
        first, last: the positions of the first and the last mark.
        value_sum: of a heatmap's cells, else 0.
    """

    name: str
    marks: int
    color: str
    x_sum: float
    y_sum: float
    first: tuple[float, float]
    last: tuple[float, float]
    value_sum: float = 0.0


@dataclass(frozen=True)
class ChartFacts:
    """One chart as drawn; a category's domain counts its categories."""

    kind: str
    title: str
    x_label: str
    y_label: str
    x_domain: tuple[float, float]
    y_domain: tuple[float, float]
    x_scale: str
    y_scale: str
    x_categories: tuple[str, ...]
    y_categories: tuple[str, ...]
    series: tuple[SeriesFacts, ...]
    legend: tuple[str, ...]


def series_facts(
    name: str, color: str, x: Iterable[float], y: Iterable[float], value_sum: float = 0.0
) -> SeriesFacts:
    """Return the facts of marks read from a library's own objects; ValueError for odd lengths."""
    xs: NDArray[np.float64] = np.asarray(list(x), dtype=float)
    ys: NDArray[np.float64] = np.asarray(list(y), dtype=float)
    if len(xs) != len(ys):
        raise ValueError(f"x has {len(xs)} values and y has {len(ys)}")
    there = np.isfinite(xs) & np.isfinite(ys)
    xs, ys = xs[there], ys[there]
    if not len(xs):
        return SeriesFacts(name, 0, color.lower(), 0.0, 0.0, (0.0, 0.0), (0.0, 0.0), value_sum)
    return SeriesFacts(
        name,
        len(xs),
        color.lower(),
        float(xs.sum()),
        float(ys.sum()),
        (float(xs[0]), float(ys[0])),
        (float(xs[-1]), float(ys[-1])),
        value_sum,
    )


def expected(scene: Scene) -> ChartFacts:
    """Return what every library has to show of a scene."""
    drawn = []
    for one in scene.series:
        total = 0.0 if one.value is None else float(one.value.sum())
        color = "" if scene.kind == "heatmap" else one.style.stroke
        drawn.append(series_facts(one.name, color, one.x, one.y, total))
    return ChartFacts(
        scene.kind,
        scene.title,
        scene.x.label,
        scene.y.label,
        scene.x.domain,
        scene.y.domain,
        scene.x.scale,
        scene.y.scale,
        scene.x.categories,
        scene.y.categories,
        tuple(drawn),
        tuple(one.name for one in scene.series) if scene.legend else (),
    )


def diff_facts(a: ChartFacts, b: ChartFacts, *, rtol: float = RTOL) -> list[str]:
    """Return one line for each fact that differs; empty means the same chart.

    Args:
        rtol: relative to the domain's span for positions, so that a sum near zero is no trap.
            Outside 0 to 1 it is a ValueError.
    """
    if not 0 <= rtol <= 1:
        raise ValueError(f"rtol is {rtol}: choose 0 to 1")
    found: list[str] = []
    spans = [max(abs(high - low), 1e-300) for low, high in (a.x_domain, a.y_domain)]
    for field in fields(ChartFacts):
        mine, other = getattr(a, field.name), getattr(b, field.name)
        if field.name == "series":
            found.extend(_series_diff(mine, other, spans, rtol))
        elif field.name.endswith("domain"):
            span = spans[field.name == "y_domain"]
            if not all(_near(*pair, rtol * span, rtol) for pair in zip(mine, other, strict=True)):
                found.append(f"{field.name}: {mine} is not {other}")
        elif mine != other:
            found.append(f"{field.name}: {mine!r} is not {other!r}")
    return found


def _series_diff(
    mine: tuple[SeriesFacts, ...], other: tuple[SeriesFacts, ...], spans: list[float], rtol: float
) -> Iterable[str]:
    if len(mine) != len(other):
        yield f"series: {len(mine)} are not {len(other)}"
    for a, b in zip(mine, other, strict=False):
        for name in ("name", "marks", "color"):
            if getattr(a, name) != getattr(b, name):
                yield f"{a.name or 'series'} {name}: {getattr(a, name)} is not {getattr(b, name)}"
        slack = [rtol * span for span in spans]
        pairs = [
            ("x_sum", a.x_sum, b.x_sum, slack[0] * max(a.marks, 1)),
            ("y_sum", a.y_sum, b.y_sum, slack[1] * max(a.marks, 1)),
            ("value_sum", a.value_sum, b.value_sum, 0.0),
            *((f"first {'xy'[n]}", a.first[n], b.first[n], slack[n]) for n in (0, 1)),
            *((f"last {'xy'[n]}", a.last[n], b.last[n], slack[n]) for n in (0, 1)),
        ]
        for name, left, right, room in pairs:
            if not _near(left, right, room, rtol):
                yield f"{a.name or 'series'} {name}: {left:.6g} is not {right:.6g}"


def _near(a: float, b: float, room: float, rtol: float) -> bool:
    return math.isclose(a, b, rel_tol=rtol, abs_tol=room)
