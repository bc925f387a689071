"""The same elements in another order: walks, strides, transposes, and their temporaries."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Suite, Timed, across, ratio, speedup, value
from velvet_numerical import kernels

SIDE = 2048
STRIDED = 1 << 17
TEMPORARIES = 1 << 20


def _walk(order: str) -> Callable[[], float]:
    from velvet_numerical.contenders.numba import walk

    grid = np.ones((SIDE, SIDE))
    return lambda: float(walk(grid if order == "rows" else grid.T))


def _stride(step: int) -> Callable[[], float]:
    from velvet_numerical.contenders.numba import loop_sum

    view = np.ones(STRIDED * step)[::step]
    return lambda: float(loop_sum(view))


def _transposed(contender: str, side: int) -> Callable[[], Any]:
    return kernels.prepared("transpose", contender, side * side)


def _triad(way: str, n: int) -> Any:
    x, y, out = np.ones(n), np.full(n, 0.5), np.zeros(n)
    if way == "daxpy":
        from scipy.linalg import blas  # type: ignore[import-untyped,unused-ignore]

        return Timed(lambda into: blas.daxpy(x, into, a=2.0), prepare=y.copy)
    if way in ("out", "numba"):
        return partial(kernels.get("axpy", way.replace("out", "numpy_out")), 2.0, x, y, out)
    return partial(kernels.get("axpy", way), 2.0, x, y)


def _named(x: Any) -> Any:
    doubled = 2.0 * x
    shifted = doubled - 3.0
    squared = shifted * x
    raised = squared + 5.0
    return raised * x - 7.0


def _powers(x: Any) -> Any:
    return 2.0 * x**3 - 3.0 * x**2 + 5.0 * x - 7.0


SPELLED = {"named": _named, "powers": _powers}


def _peak(way: str) -> Callable[[], dict[str, float]]:
    fn = SPELLED.get(way) or kernels.get("polynomial", "numpy" if way == "chain" else way)
    call = partial(fn, *kernels.arguments("polynomial", TEMPORARIES))
    call()

    def run() -> dict[str, float]:
        tracemalloc.start()
        try:
            kept = call()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        return {"arrays": peak / kept.nbytes}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    walk = suite.comparison(
        "walk",
        title=f"The sum of {SIDE} x {SIDE} doubles, compiled loop",
        unit="ms",
        tier="default",
    )
    strides = suite.comparison(
        "strides",
        title=f"The sum of {STRIDED:,} doubles that lie some steps apart",
        unit="ns",
        items=STRIDED,
    )
    for order in ("rows", "columns"):
        walk.add(order, partial(_walk, order), needs="numba")
    for step in (1, 4, 16, 64):
        strides.add(f"stride_{step}", partial(_stride, step), needs="numba")
    walk.same_result()
    strides.same_result()

    transpose = suite.comparison(
        "transpose",
        title="A transposed copy of side x side doubles",
        unit="ns",
        items=lambda side: side * side,
        sizes={"side": [2048, 2056]},
        tier="default",
    )
    for name in ("numpy", "blocked", "numba"):
        needs = "numba" if name == "numba" else ()
        transpose.add(name, partial(_transposed, name), needs=needs)
    transpose.same_result(lambda a, b: bool((a == b).all()))

    triad = suite.comparison(
        "triad",
        title="2*x + y over n doubles, one thread",
        unit="GB/s",
        items=lambda n: 24 * n / 1e9,
        sizes={"n": [10_000, 4_000_000]},
        quick=lambda n: n == 10_000,
    )
    for way in ("numpy", "out", "blocked", "numexpr", "numba", "daxpy"):
        libraries = [way] if way in ("numba", "numexpr") else []
        note = {
            "out": "the result is allocated once",
            "numba": "likewise",
            "daxpy": "adds into y, 16 of 24 bytes read",
        }
        triad.add(way, partial(_triad, way), needs=libraries, note=note.get(way, ""))
    triad.same_result(lambda a, b: bool((a == b).all()))

    temporaries = suite.comparison(
        "temporaries",
        title="Peak memory of a cubic over a million doubles, in arrays of its size",
        kind="value",
        unit="arrays",
        metrics={"arrays": "arrays"},
    )
    notes = {
        "named": "each step has a name, so that none can be reused",
        "powers": "x**3 and x**2 exist at once",
        "chain": "NumPy reuses a temporary that nothing else refers to",
    }
    for way in ("chain", "named", "powers", "numpy_out", "blocked"):
        temporaries.add(way, partial(_peak, way), note=notes.get(way, ""))

    suite.claim(
        "walking down the columns of rows is at least 2x slower",
        speedup("walk", "rows", "columns") >= 2,
        tier="default",
    )
    suite.claim(
        "an element costs at least 3x as much when they lie 64 apart",
        speedup("strides", "stride_1", "stride_64") >= 3,
    )
    suite.claim(
        "a transpose costs more at a power of two than beside it",
        across("transpose", "numpy", first={"side": 2048}, second={"side": 2056}) >= 1.25,
        tier="default",
    )
    suite.claim(
        "daxpy, which adds into y, moves fewer bytes and beats the expression",
        ratio("triad", "daxpy", "numpy", n=4_000_000) >= 1.25,
        tier="default",
    )
    suite.claim(
        "names for the steps hold at least four arrays, powers two, `out=` and blocks one",
        (value("temporaries", "named", "arrays") >= 4)
        & (value("temporaries", "powers", "arrays") >= 1.9)
        & (value("temporaries", "numpy_out", "arrays") <= 1.1)
        & (value("temporaries", "blocked", "arrays") <= 1.1),
    )
    suite.claim(
        "a chain of operators over a large array holds one array: NumPy reuses its temporaries",
        value("temporaries", "chain", "arrays") <= 1.1,
        needs="linux",
    )
