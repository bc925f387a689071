"""Speed-up against n: the whole curve instead of one figure, and where it crosses one.

A single ratio hides that small arrays are slower than lists. Every figure here is on one BLAS
thread, as best of several rounds; `velvet.bench` measures the same with intervals.
"""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from velvet_numerical import kernels
from velvet_numerical.machine import best_seconds, threads

SIZES = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)
MATMUL_MAX = 40_000  # elements: 200 x 200 takes plain Python most of a second
ULP_MAX = 200  # elements for which the exact value is computed


@dataclass(frozen=True)
class Row:
    """One contender at one size.

    Attributes:
        cpu_ns: time of the thread, which ratios are taken of (on Windows wall time again).
        peak_bytes: what one call allocated at most.
        max_ulp: the largest error in units of the last place; NaN where n is too large to know.
    """

    kernel: str
    n: int
    contender: str
    wall_ns: float
    cpu_ns: float
    peak_bytes: int
    max_ulp: float


def measure(kernel: str, contender: str, n: int, *, repeats: int = 5) -> Row:
    """Measure one contender: time, memory and error."""
    call = kernels.prepared(kernel, contender, n)
    with threads(1):
        call()  # compiles, where there is something to compile
        wall = best_seconds(call, repeats=repeats, clock=time.perf_counter)
        cpu = best_seconds(call, repeats=repeats)
    tracemalloc.start()
    try:
        found = call()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    ulp = math.nan
    if n <= ULP_MAX:
        expected = np.asarray(kernels.exact(kernel, n)).astype(np.float64)
        error = np.abs(np.asarray(found, dtype=np.float64) - expected)
        ulp = float(np.max(error / np.spacing(np.abs(expected)), initial=0.0))
    return Row(kernel, n, contender, wall * 1e9, cpu * 1e9, peak, ulp)


def speedup_curve(
    kernel: str,
    sizes: Sequence[int] = SIZES,
    *,
    rivals: Sequence[str] = ("pure", "numpy"),
    repeats: int = 5,
) -> Iterator[Row]:
    """Yield a row for each size and contender, the smallest sizes first."""
    for n in sizes:
        if kernel == "matmul" and n > MATMUL_MAX:
            return
        for contender in rivals:
            yield measure(kernel, contender, n, repeats=repeats)


def speedups(rows: Sequence[Row], fast: str = "numpy", slow: str = "pure") -> dict[int, float]:
    """Return how many times faster one contender is than another, by size."""
    times = {(row.n, row.contender): row.cpu_ns for row in rows}
    return {
        n: times[n, slow] / times[n, fast]
        for n in sorted({n for n, _ in times})
        if (n, slow) in times and (n, fast) in times
    }


def crossover(rows: Sequence[Row], fast: str = "numpy", slow: str = "pure") -> int | None:
    """Return the n from which the fast contender stays faster, interpolated on logarithms.

    The smallest measured n when it always is; None when it is not even at the largest.
    """
    points = sorted(speedups(rows, fast, slow).items())
    if not points or points[-1][1] <= 1:
        return None
    for (low, below), (high, above) in zip(
        reversed(points[:-1]), reversed(points[1:]), strict=True
    ):
        if below <= 1 < above:
            share = -math.log(below) / (math.log(above) - math.log(below))
            return round(low * math.pow(high / low, share))
    return points[0][0]
