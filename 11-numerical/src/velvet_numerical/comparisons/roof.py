"""The roofline of the machine that runs this, and what a dtype costs under it.

Each sample is a child that measures the roof and one kernel, on one thread, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Outcome, Suite, ratio, speedup, value
from velvet_numerical import machine

SIDE = 2048
DTYPES = {"float64": "f8", "float32": "f4", "float16": "f2", "int64": "i8"}


def _gemv() -> tuple[float, float]:
    """Return GFLOP/s and flops for each byte of a matrix-vector product."""
    a, x = np.ones((SIDE, SIDE)), np.ones(SIDE)
    with machine.threads(1):
        return 2 * a.size / machine.best_seconds(lambda: a @ x) / 1e9, 0.25


def _placed(name: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        roof = machine.Roofline(
            machine.measure_peak(sides=(256, 512)),
            machine.measure_bandwidth(3 * 8 * machine.BEYOND),
        )
        if name == "gemv":
            gflops, intensity = _gemv()
        else:
            point = machine.place(roof, *machine.PLACED[name])
            gflops, intensity = point.gflops, point.intensity
        return Outcome(
            {
                "gflops": gflops,
                "fraction": gflops / roof.bound(intensity),
                "intensity": intensity,
                "peak": roof.peak,
                "bandwidth": roof.bandwidth,
            }
        )

    return run


def _product(code: str, n: int) -> Callable[[], Any]:
    a = np.random.default_rng(1).integers(0, 3, (n, n)).astype(code)
    return lambda: a @ a


def _addition(code: str) -> Callable[[], Any]:
    a = np.ones(100_000, code)
    out = np.empty_like(a)
    return lambda: np.add(a, a, out=out)


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    roofline = suite.comparison(
        "roofline",
        title="Kernels under this machine's roof, one thread, arrays beyond the caches",
        kind="run",
        unit="GFLOP/s",
        metrics={
            "gflops": "GFLOP/s",
            "fraction": "of its roof",
            "intensity": "flop/byte",
            "peak": "GFLOP/s",
            "bandwidth": "GB/s",
        },
        rounds={"quick": 1, "default": 3},
    )
    for name in (*machine.PLACED, "gemv"):
        tier = "quick" if name.startswith("gem") else "default"
        roofline.add(name, partial(_placed, name), needs="numba", tier=tier)

    product = suite.comparison(
        "matmul_dtypes",
        title="The product of two n x n matrices, by dtype, one thread",
        unit="GFLOP/s",
        items=lambda n: 2 * n**3 / 1e9,
        sizes={"n": [64, 128, 512]},
        quick=lambda n: n == 128,
    )
    for name, code in DTYPES.items():
        slow = code in ("f2", "i8")
        product.add(name, partial(_product, code), when=lambda n, slow=slow: not slow or n <= 128)
    product.same_result(
        lambda a, b: bool((a.astype(float) == b.astype(float)).all()),
        types="the dtype is the rival",
    )

    addition = suite.comparison(
        "add_dtypes",
        title="The sum of two arrays of 100,000, by dtype",
        unit="ns",
        items=100_000,
        tier="default",
    )
    for name, code in DTYPES.items():
        addition.add(name, partial(_addition, code))
    addition.same_result(
        lambda a, b: bool((a.astype(float) == b.astype(float)).all()),
        types="the dtype is the rival",
    )

    suite.claim(
        "a matrix product attains at least 0.4 of the attainable peak",
        value("roofline", "gemm", "fraction") >= 0.4,
    )
    suite.claim(
        "a matrix product does at least 3x the arithmetic of a matrix-vector product",
        ratio("roofline", "gemm", "gemv", "gflops") >= 3,
    )
    suite.claim(
        "integers have no BLAS: their product is at least 5x slower",
        speedup("matmul_dtypes", "float64", "int64", n=128) >= 5,
    )
    suite.claim(
        "float16 has none either: at least 20x slower than float32",
        speedup("matmul_dtypes", "float32", "float16", n=128) >= 20,
    )
    suite.claim(
        "float32 is faster than float64 by BLAS",
        speedup("matmul_dtypes", "float32", "float64", n=512) >= 1.3,
        tier="default",
    )
