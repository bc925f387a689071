"""What does not vectorise, and what crossing between lists and arrays costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Suite, speedup
from velvet_numerical import kernels
from velvet_numerical.comparisons.hundred_x import close

N = 100_000


def _ready(kernel: str, contender: str, n: int) -> Callable[..., Any]:
    return lambda: kernels.prepared(kernel, contender, n)


def _crossing(way: str) -> Callable[[], Any]:
    values = np.random.default_rng(1).random(N)
    numbers = values.tolist()
    ways: dict[str, Callable[[], Any]] = {
        "sum_list": lambda: sum(numbers),
        "numpy_sum": lambda: float(values.sum()),
        "sum_ndarray": lambda: float(sum(values)),
        "convert_then_sum": lambda: float(np.array(numbers).sum()),
    }
    return ways[way]


def _power(way: str) -> Callable[[], Any]:
    x = kernels.arguments("polynomial", N)[0]
    ways: dict[str, Callable[[], Any]] = {
        "horner": lambda: ((2.0 * x - 3.0) * x + 5.0) * x - 7.0,
        "powers": lambda: 2.0 * x**3 - 3.0 * x**2 + 5.0 * x - 7.0,
        "products": lambda: 2.0 * (x * x * x) - 3.0 * (x * x) + 5.0 * x - 7.0,
    }
    return ways[way]


SUBJECTS = {
    "recurrence": ("y[i] depends on y[i-1]", N, ("pure", "numpy", "numba", "scipy")),
    "early_exit": ("The hit is at index 11 of 100,000", N, ("pure", "numpy", "blocked", "numba")),
    "mandelbrot": ("2,000 points, up to 50 steps", 2_000, ("pure", "numpy", "numba")),
    "pairwise_distance": (
        "300 points, each to each: 90,000 distances",
        90_000,
        ("numpy", "blocked", "numba", "scipy", "blas"),
    ),
}
NOTES = {"numpy": {"recurrence": "a Python loop over an ndarray: each x[i] makes an object"}}


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for kernel, (title, n, names) in SUBJECTS.items():
        one = suite.comparison(
            kernel, title=title, unit="ms", tier="quick" if kernel == "recurrence" else "default"
        )
        for name in names:
            needs = name if name in ("numba", "scipy") else ()
            note = NOTES.get(name, {}).get(kernel, "")
            one.add(name, _ready(kernel, name, n), needs=needs, note=note)
        one.same_result(close, types="lists beside arrays: each in its own container")

    crossing = suite.comparison(
        "list_or_array", title=f"The sum of {N:,} floats, and the way to it", unit="us"
    )
    for way in ("sum_list", "numpy_sum", "sum_ndarray", "convert_then_sum"):
        crossing.add(way, partial(_crossing, way))
    crossing.same_result(close)

    power = suite.comparison(
        "power", title=f"A cubic of {N:,} values, three spellings", unit="us", tier="default"
    )
    for way in ("powers", "products", "horner"):
        power.add(way, partial(_power, way))
    power.same_result(close)

    suite.claim(
        "a recurrence over an ndarray is slower than over a list",
        speedup("recurrence", "pure", "numpy") >= 1.3,
    )
    suite.claim(
        "Numba runs the recurrence at least 10x faster than the list loop",
        speedup("recurrence", "numba", "pure") >= 10,
    )
    suite.claim(
        "a loop that stops early beats comparing everything first",
        speedup("early_exit", "pure", "numpy") >= 5,
        tier="default",
    )
    suite.claim(
        "Numba computes the Mandelbrot counts at least 10x faster than plain Python",
        speedup("mandelbrot", "numba", "pure") >= 10,
        tier="default",
    )
    suite.claim(
        "the builtin sum over an ndarray is at least 3x slower than over a list",
        speedup("list_or_array", "sum_list", "sum_ndarray") >= 3,
    )
    suite.claim(
        "making the array costs at least 10x the sum that it prepares",
        speedup("list_or_array", "numpy_sum", "convert_then_sum") >= 10,
    )
    suite.claim(
        "powers cost at least 3x Horner's rule",
        speedup("power", "horner", "powers") >= 3,
        tier="default",
    )
