"""Time by lane: where a run was busy, and what was in the cell that somebody points at.

The loop's lag comes first, because it is what the other rows cause: a red cell there stands above
the lane that held the loop. A click on a cell is a question, and `in_cell` answers it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from velvet_concurrency.trace import Span, to_heatmap

LAG = "loop lag"


@dataclass(frozen=True)
class Grid:
    """Rows of lanes, the middles of the columns in seconds, and shares from 0 to 1."""

    lanes: list[str]
    middles: list[float]
    cells: list[list[float]]
    width: float
    hidden: int = 0


def utilisation_grid(spans: Sequence[Span], *, bins: int = 48, most_lanes: int = 24) -> Grid:
    """Return the running share of each lane over time, the loop's lag first.

    Args:
        spans: of one run.
        bins: columns.
        most_lanes: rows to keep, the busiest of them; `hidden` counts the others.

    Raises:
        ValueError: `bins` is not positive.
    """
    found = to_heatmap(spans, bins)
    if not found.lanes:
        return Grid([], [], [], 0.0)
    rows = list(zip(found.lanes, found.cells, strict=True))
    lag = [row for row in rows if row[0] == LAG]
    others = [row for row in rows if row[0] != LAG]
    kept = sorted(others, key=lambda row: -sum(row[1]))[:most_lanes]
    shown = [*lag, *(row for row in others if row in kept)]
    edges = [edge / 1e9 for edge in found.edges_ns]
    middles = [(a + b) / 2 for a, b in itertools.pairwise(edges)]
    return Grid(
        [lane for lane, _ in shown],
        middles,
        [list(cells) for _, cells in shown],
        edges[1] - edges[0],
        len(others) - len(kept),
    )


def busiest(grid: Grid) -> tuple[int, int]:
    """Return row and column of the busiest cell; of several, the one in the busiest column.

    Raises:
        ValueError: the grid is empty.
    """
    if not grid.cells:
        raise ValueError("an empty grid has no busiest cell")
    rows = range(len(grid.cells))
    columns = [sum(row[column] for row in grid.cells) for column in range(len(grid.middles))]
    return max(
        ((row, column) for row in rows for column in range(len(grid.middles))),
        key=lambda cell: (grid.cells[cell[0]][cell[1]], columns[cell[1]], -cell[0]),
    )


def in_cell(spans: Sequence[Span], grid: Grid, row: int, column: int) -> list[Span]:
    """Return the spans of a cell, the longest first, cut to the cell.

    For the loop's lag these are the spans of other lanes that did not wait: what made it late.
    """
    lane = grid.lanes[row]
    start = round((grid.middles[column] - grid.width / 2) * 1e9)
    end = start + round(grid.width * 1e9)
    if lane == LAG:
        asked = [span for span in spans if span.kind not in ("wait", "queue")]
    else:
        asked = [span for span in spans if span.lane == lane]
    found = [
        span._replace(t0_ns=max(start, span.t0_ns), t1_ns=min(end, span.t1_ns))
        for span in asked
        if span.t0_ns < end and span.t1_ns > start
    ]
    return sorted(found, key=lambda span: span.t0_ns - span.t1_ns)
