"""What this machine can do: its BLAS, its memory, and the roof over every kernel.

The roofline (Williams, Waterman, Patterson, CACM 2009) bounds a kernel's flop/s by the smaller of
the peak and bandwidth times intensity (flops for each byte). "Peak" here is what the best matrix
product attains, not what a data sheet says.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import threadpoolctl  # type: ignore[import-untyped,unused-ignore]
from numpy.typing import DTypeLike

from velvet_numerical import kernels
from velvet_numerical.errors import positive

MAX_THREADS = 1024  # a pool takes a C integer, and clips it to what it was built for
GEMM_SIDES = (256, 512, 1024)
TRIAD_BYTES = 24  # read two doubles, write one
BEYOND = 1 << 22  # elements: 32 MB an array, beyond most caches
# Kernels that show every part of the roof: what computes them, and over how many elements.
PLACED: dict[str, tuple[str, str, int]] = {
    "axpy": ("axpy", "numba", BEYOND),
    "dot": ("dot", "numpy", BEYOND),
    "polynomial": ("polynomial", "numba", BEYOND),
    "stencil2d": ("stencil2d", "numba", BEYOND),
    "exp_sum": ("exp_sum", "numpy_out", BEYOND),
    "gemm": ("matmul", "blas", 512 * 512),
}
Clock = Callable[[], float]
# CPU time of this thread does not count the turns of other programs; Windows ticks too coarsely.
CLOCK: Clock = time.perf_counter if sys.platform == "win32" else time.thread_time


@dataclass(frozen=True)
class BlasLib:
    """A native thread pool that was loaded: an OpenBLAS, an OpenMP runtime."""

    name: str
    api: str
    version: str
    architecture: str
    threads: int


def blas_info() -> list[BlasLib]:
    """Return the thread pools in this process.

    The wheels of NumPy and SciPy each bring an OpenBLAS of their own, with its own threads.
    """
    import scipy.linalg  # type: ignore[import-untyped,unused-ignore]  # noqa: F401 - loads SciPy's BLAS

    return [
        BlasLib(
            name=str(one.get("prefix", "")),
            api=str(one["user_api"]),
            version=str(one.get("version") or "unknown"),
            architecture=str(one.get("architecture", "unknown")),
            threads=int(one["num_threads"]),
        )
        for one in threadpoolctl.threadpool_info()
    ]


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Limit every BLAS and OpenMP pool of the process to `n` threads, and restore what was."""
    with threadpoolctl.threadpool_limits(limits=min(positive("n", n), MAX_THREADS)):
        yield


def best_seconds(call: Callable[[], object], *, repeats: int = 5, clock: Clock = CLOCK) -> float:
    """Return the least time of one call; short calls are repeated to about a millisecond."""
    begun = clock()
    call()
    loops = max(1, int(0.001 / max(clock() - begun, 1e-9)))
    best = float("inf")
    for _ in range(positive("repeats", repeats)):
        begun = clock()
        for _ in range(loops):
            call()
        best = min(best, (clock() - begun) / loops)
    return best


def measure_bandwidth(size: int = 1 << 28, *, repeats: int = 3) -> float:
    """Return GB/s of STREAM's triad over three arrays that take `size` bytes together."""
    triad = kernels.get("axpy", "numba")
    n = max(1, positive("size", size) // TRIAD_BYTES)
    out, x, y = np.zeros(n), np.ones(n), np.ones(n)
    triad(2.0, x, y, out)  # compiles, and touches the pages
    return TRIAD_BYTES * n / best_seconds(lambda: triad(2.0, x, y, out), repeats=repeats) / 1e9


def cache_curve(sizes: Sequence[int], *, repeats: int = 5) -> list[tuple[int, float]]:
    """Return (bytes, GB/s) of the triad at each working-set size: its steps are the caches."""
    return [(size, measure_bandwidth(size, repeats=repeats)) for size in sizes]


def measure_peak(dtype: DTypeLike = np.float64, *, sides: Sequence[int] = GEMM_SIDES) -> float:
    """Return the attainable peak in GFLOP/s: the best square matrix product, on one thread."""
    best = 0.0
    with threads(1):
        for n in sides:
            a = np.random.default_rng(n).random((n, n)).astype(dtype)
            out = np.empty_like(a)
            seconds = best_seconds(lambda a=a, out=out: np.matmul(a, a, out=out), repeats=3)  # type: ignore[misc]
            best = max(best, 2 * n**3 / seconds / 1e9)
    return best


@dataclass(frozen=True)
class Roofline:
    """The roof of a machine.

    Attributes:
        peak: GFLOP/s.
        bandwidth: GB/s.
    """

    peak: float
    bandwidth: float

    def __post_init__(self) -> None:
        if not (0 < self.peak < float("inf") and 0 < self.bandwidth < float("inf")):
            raise ValueError(
                f"peak and bandwidth are positive, not {self.peak} and {self.bandwidth}"
            )

    def bound(self, intensity: float) -> float:
        """Return the GFLOP/s that no kernel of this intensity (flop/byte) exceeds.

        >>> Roofline(peak=50.0, bandwidth=20.0).bound(0.125)
        2.5
        """
        if not intensity > 0:
            raise ValueError(f"intensity is positive, not {intensity}")
        return min(self.peak, self.bandwidth * intensity)

    @property
    def ridge(self) -> float:
        """The intensity above which arithmetic, not memory, is the limit."""
        return self.peak / self.bandwidth


@dataclass(frozen=True)
class Point:
    """A kernel under the roof."""

    kernel: str
    contender: str
    intensity: float
    gflops: float
    bound: float

    @property
    def fraction_of_bound(self) -> float:
        """How much of what is possible was reached; above 1 the data came from a cache."""
        return self.gflops / self.bound


def place(roof: Roofline, kernel: str, contender: str, n: int = 1 << 20) -> Point:
    """Measure one kernel on one thread and place it.

    A result that can be handed in is allocated once: fresh pages may cost ten times the kernel.
    """
    one = kernels.kernel(kernel)
    call = kernels.prepared(kernel, contender, n)
    if "out" in inspect.signature(kernels.get(kernel, contender)).parameters:
        found = call()
        call = partial(call, out=np.array(found if np.ndim(found) else call.args[0]))
    with threads(1):
        call()
        seconds = best_seconds(call, repeats=3)
    intensity = one.intensity(n)
    return Point(kernel, contender, intensity, one.flops(n) / seconds / 1e9, roof.bound(intensity))


def ascii_roofline(roof: Roofline, points: Sequence[Point], *, width: int = 56) -> str:
    """Return the roof and its points as text, both axes logarithmic."""
    points, last = list(points), positive("width - 1", width - 1)
    height, low = 12, -4  # from 1/16 flop/byte
    high = max(8, *(int(np.log2(one.intensity)) + 1 for one in points)) if points else 8
    floor = np.log2(roof.bound(2.0**low)) - 3
    ceiling = np.log2(roof.peak) + 0.5
    grid = [[" "] * (last + 1) for _ in range(height)]

    def put(intensity: float, gflops: float, mark: str) -> None:
        column = (np.log2(intensity) - low) / (high - low) * last
        row = (ceiling - np.log2(gflops)) / (ceiling - floor) * (height - 1)
        grid[round(np.clip(row, 0, height - 1))][round(np.clip(column, 0, last))] = mark

    for column in range(last + 1):
        intensity = 2.0 ** (low + (high - low) * column / last)
        put(intensity, roof.bound(intensity), "-" if roof.bound(intensity) == roof.peak else "/")
    for number, one in enumerate(points):
        put(one.intensity, one.gflops, "abcdefghijklmnopqrstuvwxyz"[number % 26])
    return "\n".join("|" + "".join(row).rstrip() for row in grid) + "\n+" + "-" * (last + 1)
