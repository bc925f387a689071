"""The Julia kernel in typed Python, for mypyc: what its types say is compiled to C."""

from __future__ import annotations


def julia(points: list[complex], limit: int) -> list[int]:
    """Return for each point how many steps it takes to leave the circle of radius 2."""
    counts: list[int] = []
    cx: float = -0.62772
    cy: float = -0.42193
    for z in points:
        x: float = z.real
        y: float = z.imag
        count: int = 0
        while count < limit and x * x + y * y < 4.0:
            x, y = x * x - y * y + cx, 2.0 * x * y + cy
            count += 1
        counts.append(count)
    return counts
