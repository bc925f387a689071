"""Plain Python against NumPy over n: eight kernels, from one element to a million."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from velvet.bench import Suite, speedup
from velvet_numerical import kernels

SIZES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
MATMUL_MAX = 10_000  # 100 x 100: plain Python needs most of a tenth of a second
QUICK = {("dot", 1), ("dot", 100_000), ("sort", 100_000), ("builtin_sum", 100_000)}
# Half of what was measured at 100,000 elements (matmul at 10,000), or less.
TRUE = {"dot": 75, "distance": 40, "polynomial": 30, "axpy": 15, "loop_sum": 20}


def close(first: Any, second: Any) -> bool:
    """Whether two results are equal within rounding."""
    return bool(np.allclose(np.asarray(first), np.asarray(second), rtol=1e-9))


def _ready(contender: str) -> Callable[..., Any]:
    return lambda kernel, n: kernels.prepared(kernel, contender, n)


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    hundred = suite.comparison(
        "hundred_x",
        title="One kernel over n elements, plain Python over lists against NumPy",
        unit="us",
        sizes=[
            {"kernel": kernel, "n": n}
            for kernel in kernels.FOLKLORE
            for n in SIZES
            if kernel != "matmul" or n <= MATMUL_MAX
        ],
        quick=lambda kernel, n: (kernel, n) in QUICK,
    )
    for name in ("pure", "numpy"):
        hundred.add(name, _ready(name), baseline=name == "pure")
    hundred.same_result(close, types="lists beside arrays: each in its own container")

    for kernel, bound in TRUE.items():
        suite.claim(
            f"{kernel}: NumPy is at least {bound}x faster at 100,000 elements",
            speedup("hundred_x", "numpy", "pure", kernel=kernel, n=100_000) >= bound,
            tier="quick" if (kernel, 100_000) in QUICK else "default",
        )
    suite.claim(
        "matmul: NumPy is at least 200x faster at 100 x 100",
        speedup("hundred_x", "numpy", "pure", kernel="matmul", n=MATMUL_MAX) >= 200,
        tier="default",
    )
    suite.claim(
        "a sum that the builtin does in C already is no 100x: at most 60x",
        speedup("hundred_x", "numpy", "pure", kernel="builtin_sum", n=100_000) <= 60,
    )
    suite.claim(
        "NumPy sorts at most 60x faster than the builtin",
        speedup("hundred_x", "numpy", "pure", kernel="sort", n=100_000) <= 60,
    )
    suite.claim(
        "for one element plain Python is faster",
        speedup("hundred_x", "pure", "numpy", kernel="dot", n=1) >= 1.25,
    )
