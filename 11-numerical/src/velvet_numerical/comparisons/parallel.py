"""Sparse matrices, random numbers, threads and devices: when the next step pays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter, process_time
from typing import Any

import numpy as np

from velvet.bench import Absent, Outcome, Suite, speedup
from velvet_numerical.comparisons.hundred_x import ROUNDS, close

SPARSE_SIDE = 1000
DRAWN = 100_000
STEPS = 5
LARGE = 1000  # a side from which a product is long enough to keep two cores at work
OWN_CORES = 1.7  # of two: with less, other programs had the second core, and a gain cannot show


def _matrix(density: float) -> Any:
    rng = np.random.default_rng(1)
    shape = (SPARSE_SIDE, SPARSE_SIDE)
    return np.where(rng.random(shape) < density, rng.random(shape), 0.0)


def _product(way: str, columns: int, density: float) -> Callable[[], Any]:
    dense = _matrix(density)
    x = np.ones((SPARSE_SIDE, columns)) if columns else np.ones(SPARSE_SIDE)
    if way == "dense":
        return lambda: dense @ x
    from scipy import sparse  # type: ignore[import-untyped,unused-ignore]

    stored = sparse.csr_matrix(dense)
    if way == "scipy_csr":
        return lambda: stored @ x
    from velvet_numerical.sparse import csr_from_triplets, spmv

    rows, cells = np.nonzero(dense)
    own = csr_from_triplets(rows, cells, dense[rows, cells], dense.shape)
    return lambda: spmv(own, x)


def _generator(name: str) -> Callable[[], Any]:
    if name == "own_philox":
        from velvet_numerical.rng import CounterRNG

        stream = CounterRNG(1)
        return lambda: stream.uniform(0, DRAWN)
    if name == "legacy":
        old = np.random.RandomState(1)
        return lambda: old.random_sample(DRAWN)
    generator = np.random.Generator(getattr(np.random, name)(1))
    return lambda: generator.random(DRAWN)


def _is_uniform(drawn: Any) -> bool:
    return drawn.shape == (DRAWN,) and abs(float(drawn.mean()) - 0.5) < 0.01


def _threaded(blas: int, python: int, side: int) -> Callable[[], Outcome]:
    from velvet_numerical.machine import best_seconds, threads

    a = np.random.default_rng(1).random((side, side))
    jobs = 4

    def work() -> None:
        if python == 1:
            for _ in range(jobs):
                np.matmul(a, a)
            return
        with ThreadPoolExecutor(python) as pool:
            list(pool.map(lambda _: np.matmul(a, a), range(jobs)))

    def run() -> Outcome:
        with threads(blas):
            best = best_seconds(work, repeats=3, clock=perf_counter)
            if side >= LARGE and max(blas, python) > 1:
                cpu, wall = process_time(), perf_counter()
                work()
                cores = (process_time() - cpu) / (perf_counter() - wall)
                if cores < OWN_CORES:
                    raise Absent(f"other programs are running: {cores:.1f} of two cores were ours")
            return Outcome(seconds=best)

    return run


def _heat(library: str, with_transfer: bool, grid: int) -> Callable[[], Any]:
    from velvet_numerical import backend, portable
    from velvet_numerical.errors import BackendUnavailable

    try:
        device = backend.find(library)
    except BackendUnavailable as error:
        raise Absent(str(error)) from None
    start = np.zeros((grid, grid))
    start[0] = 1.0
    there = backend.to_device(start, device)

    def run() -> Any:
        state = backend.to_device(start, device) if with_transfer else there
        for _ in range(STEPS):
            state = portable.heat_equation_step(state, 0.25)
        # Only the corner comes back, which waits for the device; the transfer brings all.
        return backend.to_numpy(state if with_transfer else state[:2, :2])[:2, :2].copy()

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    vector = suite.comparison(
        "spmv",
        title=f"A {SPARSE_SIDE} x {SPARSE_SIDE} matrix times a vector, by density",
        unit="us",
        sizes={"density": [0.01, 0.3]},
        rounds=ROUNDS,
        tier="default",
    )
    matrix = suite.comparison(
        "spmm",
        title=f"The same times {SPARSE_SIDE // 10} vectors at once",
        unit="ms",
        sizes={"density": [0.01, 0.5]},
        rounds=ROUNDS,
        tier="default",
    )
    for way in ("dense", "scipy_csr"):
        vector.add(way, partial(_product, way, 0))
        matrix.add(way, partial(_product, way, SPARSE_SIDE // 10))
    vector.add("own_csr", partial(_product, "own_csr", 0), needs="numba")
    vector.same_result(close)
    matrix.same_result(close)

    drawn = suite.comparison(
        "random", title=f"{DRAWN:,} uniform doubles", unit="ns", items=DRAWN, tier="default"
    )
    for name in ("PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937", "legacy", "own_philox"):
        drawn.add(name, partial(_generator, name))
    drawn.check(_is_uniform)

    threaded = suite.comparison(
        "threads",
        title="Four products of side x side matrices: BLAS threads, Python threads, both",
        kind="run",
        unit="ms",
        sizes={"side": [32, LARGE]},
        rounds={"default": 3},
        tier="default",
    )
    for name, blas, python in (
        ("one_thread", 1, 1),
        ("blas_2", 2, 1),
        ("python_2", 1, 2),
        ("blas_2_python_2", 2, 2),
    ):
        threaded.add(name, partial(_threaded, blas, python), threads=blas, needs="cores>=2")

    devices = suite.comparison(
        "devices",
        title=f"{STEPS} steps of the heat equation on a grid x grid plate, one thread",
        unit="ms",
        clock="wall",
        sizes={"grid": [256, 1024]},
        rounds=ROUNDS,
        tier="default",
    )
    for library in ("numpy", "array_api_strict", "torch", "cupy"):
        devices.add(library, partial(_heat, library, False))
    for library in ("torch", "cupy"):
        devices.add(f"{library}_with_transfer", partial(_heat, library, True))
    devices.same_result(close)

    suite.claim(
        "at one element in a hundred, CSR times a vector is at least 3x faster than dense",
        speedup("spmv", "scipy_csr", "dense", density=0.01) >= 3,
        tier="default",
    )
    suite.claim(
        "where every other element is there, dense wins against many vectors",
        speedup("spmm", "dense", "scipy_csr", density=0.5) >= 1.25,
        tier="default",
    )
    suite.claim(
        "PCG64 is faster than NumPy's own Philox",
        speedup("random", "PCG64", "Philox") >= 1.25,
        tier="default",
    )
    suite.claim(
        "our Philox in array operations is within 40x of PCG64",
        speedup("random", "PCG64", "own_philox") <= 40,
        tier="default",
    )
    suite.claim(
        "small products gain nothing from a second BLAS thread",
        speedup("threads", "blas_2", "one_thread", side=32) <= 1.3,
        needs=("cores>=2", "calm"),
        tier="default",
    )
    suite.claim(
        "large products gain from a second BLAS thread",
        speedup("threads", "blas_2", "one_thread", side=LARGE) >= 1.25,
        needs=("cores>=2", "calm"),
        tier="default",
    )
