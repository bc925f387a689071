"""Intermediate examples: shapes that fit, digits to believe, and when to compile."""

from __future__ import annotations

import time

import numpy as np

from velvet.examples import example, main
from velvet_numerical import broadcasting, kernels, linalg, stable, sums
from velvet_numerical.errors import IllConditioned


@example("broadcasting_explained")
def broadcasting_explained() -> None:
    """Three sets of shapes, aligned at the right, with what they give and what that costs."""
    for shapes in (
        ((1000, 1), (1, 500)),
        ((8, 1, 6), (7, 1), (6,)),
        ((4, 3), (4,)),
    ):
        print(broadcasting.explain_broadcast(*shapes))
        try:
            cost = broadcasting.broadcast_cost(*shapes)
        except ValueError:
            print("mend: a[:, None] turns (4,) into (4, 1), which fits (4, 3)\n")
            continue
        print(f"result {cost.result:,} bytes; expanding the operands first {cost.expanded:,}\n")
    a, b = np.arange(4.0), np.ones((4, 3))
    print("(4, 3) * (4, 1) =", (b * a[:, None]).shape)
    print("why: an axis of size 1 is repeated by a stride of zero, without a copy")


@example("believe_the_digits")
def believe_the_digits() -> None:
    """Digits that survive: Hilbert systems, a variance, a quadratic and a float32 column."""
    print("n   cond(H)   digits left   digits right")
    for n in (4, 8, 11, 14):
        i = np.arange(n)
        hilbert = 1.0 / (i[:, None] + i + 1)
        truth = np.ones(n)
        try:
            found = linalg.solve(hilbert, hilbert @ truth, structure="general")
        except IllConditioned as error:
            print(f"{n:<3} {error.cond:.1e}  refused: no digit can be believed")
            continue
        right = -np.log10(np.abs(found.x - truth).max())
        print(f"{n:<3} {found.cond:.1e} {found.digits_left:8} {right:14.1f}")

    values = 1e9 + np.random.default_rng(1).random(10_000)
    textbook = (values**2).mean() - values.mean() ** 2
    print(f"\nvariance of 1e9 + noise: textbook {textbook:.4g}, two passes", end=" ")
    print(f"{stable.variance_two_pass(values):.4f}")

    a, b, c = 1.0, 1e8, 1.0
    school = (-b + (b * b - 4 * a * c) ** 0.5) / (2 * a)
    print(f"root near zero of x^2 + 1e8 x + 1: school {school:.4e}", end=", ")
    print(f"stable {stable.quadratic_roots(a, b, c)[1]:.4e}")

    spread = sums.spread_values(20_000)
    exact = sums.sum_exact(spread)
    for name in ("naive", "kahan", "neumaier"):
        print(f"sum, {name:9} off by {abs(sums.SUMS[name](spread) / exact - 1):.1e}")
    column = np.full((1 << 22, 2), 0.1, np.float32)
    print(
        f"float32 column: sum() {column.sum() / 2:,.0f}, sum(axis=0) {column.sum(axis=0)[0]:,.0f}"
    )
    print("why: along axis 0 every addition goes into one float32 accumulator")


@example("numba_when")
def numba_when() -> None:
    """Three loops that do not vectorise, with the price of compiling and when it is paid back."""
    if "numba" not in kernels.contenders("dot"):
        print("Numba is not installed: pip install numba")
        return
    print(f"{'ms':14}{'list':>9}{'NumPy':>9}{'first call':>12}{'later':>9}{'paid back after':>18}")
    for kernel, n in (("recurrence", 30_000), ("early_exit", 30_000), ("mandelbrot", 1_500)):
        spent = {}
        for name in ("pure", "numpy", "numba"):
            call = kernels.prepared(kernel, name, n)
            times = []
            for _ in range(4):
                begun = time.perf_counter()
                call()
                times.append(time.perf_counter() - begun)
            spent[name] = (times[0], min(times[1:]))
        first, later = spent["numba"]
        best = min(spent["pure"][1], spent["numpy"][1])
        gain = best - later
        calls = f"{(first - later) / gain:,.0f} calls" if gain > 0 else "never"
        print(
            f"{kernel:14}{spent['pure'][1] * 1e3:9.3f}{spent['numpy'][1] * 1e3:9.3f}"
            f"{first * 1e3:12.1f}{later * 1e3:9.3f}{calls:>18}"
        )
    print("\nearly_exit: the hit is at index 11, and NumPy compares all 30,000")
    print("why: each element needs the one before it, or a branch of its own")


if __name__ == "__main__":
    main()
