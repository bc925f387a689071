"""Basic examples: what an array is, what vectorising gains, and what is a copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from velvet.examples import example, main
from velvet_numerical import curve, dtypes, kernels, layout


@example("anatomy")
def anatomy() -> None:
    """Eight ways to look at the same 96 bytes, each by a rule of its own."""
    a = np.arange(12.0).reshape(3, 4)
    shown: dict[str, Any] = {
        "a": a,
        "a.T": a.T,
        "a[1]": a[1],
        "a[:, 1]": a[:, 1],
        "a[::-1, ::2]": a[::-1, ::2],
        "a[:, None, :]": a[:, None, :],
        "a[[0, 2]]": a[[0, 2]],
        "asfortranarray": np.asfortranarray(a),
    }
    start = a.__array_interface__["data"][0]
    print(
        f"{'expression':16}{'shape':12}{'strides':14}{'order':7}{'runs':>5}{'first':>7}  bytes of"
    )
    for name, one in shown.items():
        told = layout.describe(one)
        first = layout.address_of(one, (0,) * one.ndim) - start
        mine = layout.is_view_of(one, a)
        at = f"+{first}" if mine else "new"
        print(
            f"{name:16}{told.shape!s:12}{told.strides!s:14}{told.order:7}"
            f"{told.contiguous_runs:5}{at:>7}  {'a' if mine else 'its own'}"
        )
    report = layout.explain_index(a, (2, 3))
    print(f"\na[2, 3] lies at {report.formula} bytes")
    print("why: a view changes the rule; a list of indices has no rule, so it copies")


@example("hundred_x")
def hundred_x() -> None:
    """Speed-up of NumPy over plain Python against n, for eight kernels of the folklore."""
    sizes = (1, 10, 100, 1000, 10_000)
    print(
        f"{'times faster':14}" + "".join(f"{f'n={n:,}':>10}" for n in sizes) + f"{'crosses 1x':>13}"
    )
    last = {}
    for kernel in kernels.FOLKLORE:
        rows = list(curve.speedup_curve(kernel, sizes, repeats=2))
        found = curve.speedups(rows)
        where = curve.crossover(rows)
        line = "".join(f"{found[n]:10.1f}" for n in sizes)
        print(f"{kernel:14}{line}{'never' if where is None else f'n = {where}':>13}")
        last[kernel] = found[sizes[-1]]
    best, worst = max(last, key=last.__getitem__), min(last, key=last.__getitem__)
    print(f"\nlargest at n = 10,000: {best} {last[best]:,.0f}x")
    print(f"smallest: {worst} {last[worst]:,.1f}x")
    print("one BLAS thread; best of several rounds on this machine")
    print("why: the loop moves into C; a sort or a builtin sum was there already")


@example("copy_or_view")
def copy_or_view() -> None:
    """Sixteen expressions: copy or view, predicted by the rule and checked by NumPy."""
    a = np.arange(24.0).reshape(4, 6)
    index: dict[str, Any] = {
        "a[1]": 1,
        "a[1:3]": slice(1, 3),
        "a[..., 0]": (..., 0),
        "a[::2, ::-1]": (slice(None, None, 2), slice(None, None, -1)),
        "a[None]": None,
        "a[[1, 2]]": [1, 2],
        "a[a > 3]": a > 3,
        "a[:, [0]]": (slice(None), [0]),
    }
    cases = {
        name: (layout.explain_index(a, key).kind == "basic view", a[key])
        for name, key in index.items()
    }
    cases |= {
        "a.T": (True, a.T),
        "a.reshape(6, 4)": (True, a.reshape(6, 4)),
        "a.T.reshape(24)": (False, a.T.reshape(24)),
        "a.ravel()": (True, a.ravel()),
        "a.flatten()": (False, a.flatten()),
        "a.astype(float)": (False, a.astype(float)),
        "np.asarray(a)": (True, np.asarray(a)),
        "a + 0": (False, a + 0),
    }
    right = 0
    for name, (view, result) in cases.items():
        seen = layout.is_view_of(a, result)
        right += seen is view
        print(f"{name:18} predicted {'view' if view else 'copy'}, is {'view' if seen else 'copy'}")
    print(f"\n{right}/{len(cases)} correct")


@example("what_wraps")
def what_wraps() -> None:
    """Small dtypes: what wraps in silence, what raises, and which dtype would have been safe."""
    for operation, a, b in (
        ("add", np.uint8(200), np.uint8(100)),
        ("add", np.uint8(200), 300),
        ("subtract", np.uint8(0), np.uint8(1)),
        ("multiply", np.int64(2**62), np.int64(4)),
        ("multiply", np.float32(1e38), np.float32(10)),
    ):
        print(f"{operation:9}{a!s:>20} {b!s:>6}  ->  {dtypes.overflow_report(operation, a, b)}")
    print(f"\nsafe for the sum of 200 and 100: {dtypes.safe_dtype([200, 100], 'sum')}")
    for values, dtype in (([2**53 + 1], "float64"), ([300], "uint8"), ([0.1], "float32")):
        print(f"as {dtype:8} {dtypes.cast_audit(values, dtype).example}")

    table = dtypes.promotion_table(("uint8", "int64", "uint64", "float32"))
    print(f"\n{'array +':10}" + "".join(f"{right:>14}" for right in ("int64", "Python int")))
    for left in ("uint8", "int64", "uint64", "float32"):
        print(f"{left:10}{table[left, 'int64']:>14}{table[left, 'Python int']:>14}")
    print("why: since NEP 50 the dtypes alone decide, never the values")


if __name__ == "__main__":
    main()
