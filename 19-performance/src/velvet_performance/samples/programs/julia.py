"""Numbers: how many steps each point of a plane takes to leave the Julia set."""

from __future__ import annotations

from velvet_performance.samples.kernels import julia_pure, plane

HOT = "escape"
WHERE = "python"
MEASURE = "cpu"
SIZE = 240
STUBS = {
    "grid": plane,
    "escape": lambda points, limit: [limit] * len(points),
    "histogram": lambda counts: {0: len(counts)},
}


def build(size: int, seed: int) -> int:
    """Return the side of the plane in points."""
    return size + seed % 2


def grid(side: int) -> list[complex]:
    """Return the points of the plane, row by row."""
    return plane(side)


def escape(points: list[complex], limit: int) -> list[int]:
    """Return for each point how many steps it takes to leave."""
    return julia_pure(points, limit)


def histogram(counts: list[int]) -> dict[int, int]:
    """Return how often each count came, in the order of the counts."""
    found: dict[int, int] = {}
    for count in counts:
        found[count] = found.get(count, 0) + 1
    return dict(sorted(found.items()))


def run(side: int) -> dict[int, int]:
    """Return the histogram of the escape counts."""
    return histogram(escape(grid(side), 300))
