"""Intermediate examples: shapes that fit, digits to believe, and when to compile."""

from __future__ import annotations

import inspect
import time

import numpy as np

from velvet.examples import example, main
from velvet_numerical import broadcasting, kernels, layout, linalg, stable, sums
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


def _variance(x: np.ndarray) -> float:
    centred = x - x.mean()
    squares = centred * centred
    return float(squares.mean())


def _variance_in_place(x: np.ndarray) -> float:
    centred = x - x.mean()
    centred *= centred
    return float(centred.mean())


@example("temporaries_by_line")
def temporaries_by_line() -> None:
    """Which line of a function allocates what: two ways to write a variance."""
    x = np.random.default_rng(1).random(1 << 20)
    mb = 1_000_000
    for function in (_variance, _variance_in_place):
        lines, first = inspect.getsourcelines(function)
        events = {event.line: event for event in layout.copy_audit(function, x)}
        print(f"{function.__name__}: {'at its peak':>32} {'kept':>9}")
        for number, line in enumerate(lines[1:], start=first + 1):
            event = events.get(number)
            held = (event.peak_bytes / mb, event.kept_bytes / mb) if event else (0.0, 0.0)
            print(f"{line.rstrip():36}{held[0]:8.1f} MB {held[1]:6.1f} MB")
        total = sum(event.kept_bytes > 0 for event in events.values())
        print(f"arrays of {x.nbytes / mb:.1f} MB made: {total}\n")
    print("why: an operator makes a new array; `*=` writes into the one that is there")


@example("formulas_that_survive")
def formulas_that_survive() -> None:
    """Textbook forms beside forms that keep their digits, on inputs where it matters."""
    with np.errstate(all="ignore"):
        big = np.array([1000.0, 1001.0])
        rows = [
            ("log(sum(exp(x)))", np.log(np.exp(big).sum()), stable.logsumexp(big)),
            ("softmax(x)[0]", (np.exp(big) / np.exp(big).sum())[0], stable.softmax(big)[0]),
            ("log(1 - exp(-1e-20))", np.log(1 - np.exp(-1e-20)), stable.log1mexp(1e-20)),
            (
                "hypot(1e200, 1e200)",
                np.sqrt(np.float64(1e200) ** 2 * 2),
                stable.hypot_safe(1e200, 1e200),
            ),
        ]
        x, y = np.array([1e10, 1.0, -1e10]), np.array([1e10, 1.0, 1e10])
        rows.append(("x . y = 1", float((x * y).sum()), sums.dot2(x, y)))
    print(f"{'formula':24}{'as in the book':>16}{'stable':>16}")
    for name, book, kept in rows:
        print(f"{name:24}{book:16.6g}{kept:16.6g}")
    stream = stable.Welford()
    for part in np.split(1e9 + np.arange(8.0), 4):
        stream = stream.merge(stable.Welford(2, float(part.mean()), 0.5))
    print(f"\nvariance of 1e9..1e9+7 merged from four parts: {stream.var():.4f}")
    print("why: overflow and cancellation are in the formula, not in the data")


if __name__ == "__main__":
    main()
