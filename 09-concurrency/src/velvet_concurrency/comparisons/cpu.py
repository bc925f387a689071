"""Computing: eight matrix products under every model.

Pools are started and warmed in the untimed set-up of `cpu_matmul`; what a pool costs is in
`pools`. Every product is checked by a sum that can be had without multiplying the matrices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, mode, speedup

PRODUCTS = 8
LINEAR_WITHIN = 0.15
SLABS, LOOKS = (10, 20, 40), 3  # rows, and how often each is timed; the least counts
LOOPS: dict[str, str | tuple[str, ...]] = {"triple": (), "zip_sum": (), "sumprod": "python>=3.12"}
METRICS = {"madd_ns": Metric("ns"), "efficiency": Metric("%", "higher")}


def _pairs(n: int, *, arrays: bool = False, products: int = PRODUCTS) -> list[tuple[Any, Any]]:
    from velvet_concurrency.matmul import random_rows

    rows = [(random_rows(n, seed=2 * i), random_rows(n, seed=2 * i + 1)) for i in range(products)]
    if not arrays:
        return rows
    import numpy as np

    return [(np.array(a), np.array(b)) for a, b in rows]


def _check(pairs: Any, products: Any) -> None:
    """Compare the sum of all entries of each AB with the column sums of A times the row sums of B."""
    for pair, product in zip(pairs, products, strict=True):
        a, b, rows = (x if isinstance(x, list) else x.tolist() for x in (*pair, product))
        columns = [sum(column) for column in zip(*a, strict=True)]
        expected = sum(x * sum(row) for x, row in zip(columns, b, strict=True))
        total = sum(sum(row) for row in rows)
        if abs(total - expected) > 1e-9 * abs(expected):
            raise ValueError(f"a wrong product: its entries add up to {total!r}, not {expected!r}")


def _timed(work: Callable[[], Any], pairs: Any) -> float:
    began = time.perf_counter()
    products = list(work())
    seconds = time.perf_counter() - began
    _check(pairs, products)
    return seconds


def _outcome(seconds: float, n: int, *, measured_n: int | None = None, **more: float) -> Outcome:
    figures = {"madd_ns": seconds / (PRODUCTS * n**3) * 1e9, **more}
    return Outcome(figures, seconds=seconds, measured_n=measured_n)


def _one_by_one(contender: str, n: int, *, slabs: bool = False) -> Callable[[], Outcome]:
    from velvet_concurrency.matmul import multiply

    work, arrays = partial(multiply, contender), contender.startswith("num")
    slabs = slabs and mode() != "full"
    pairs = _pairs(n, arrays=arrays, products=1 if slabs else PRODUCTS)
    if arrays:
        work(_pairs(4, arrays=True)[0])  # compiles
    if slabs:
        return lambda: _extrapolated(_alone(work, pairs[0], n), n)
    return lambda: _outcome(_timed(lambda: map(work, pairs), pairs), n)


def _pool(kind: str, workers: int) -> Executor:
    from velvet_concurrency.pools import process_pool

    return ThreadPoolExecutor(workers) if kind == "threads" else process_pool(workers)


def _pooled(
    kind: str, workers: int, n: int, *, slabs: bool = False
) -> Iterator[Callable[[], Outcome]]:
    from velvet_concurrency.matmul import multiply
    from velvet_concurrency.runtime import usable_cores

    pairs, work = _pairs(n), partial(multiply, "triple")
    slabs = slabs and mode() != "full"

    def least(rows: int) -> float:
        cut = [(a[:rows], b) for a, b in pairs]
        return min(_timed(lambda: pool.map(work, cut), cut) for _ in range(LOOKS))

    def run() -> Outcome:
        cores = min(workers, usable_cores())
        if slabs:
            seconds = _whole(least, n)
            return _extrapolated(
                seconds, n, efficiency=100 * _alone(work, pairs[0], n) / seconds / cores
            )
        seconds = _timed(lambda: pool.map(work, pairs), pairs)
        alone = PRODUCTS * _timed(lambda: [work(pairs[0])], pairs[:1])
        return _outcome(seconds, n, efficiency=100 * alone / seconds / cores)

    with _pool(kind, workers) as pool:
        list(pool.map(work, _pairs(2) * workers))
        yield run


def _alone(work: Callable[[Any], Any], pair: tuple[Any, Any], n: int) -> float:
    """Return the seconds of all products, one after the other, from slabs of one."""

    def least(rows: int) -> float:
        slab = (pair[0][:rows], pair[1])
        return min(_timed(lambda: [work(slab)], [slab]) for _ in range(LOOKS))

    return PRODUCTS * _whole(least, n)


def _whole(least: Callable[[int], float], n: int) -> float:
    """Return the seconds of n rows from those of three slabs, after a check that cost is linear.

    A row of the product costs the same wherever it lies; what is done once for all of them
    (transposing b, sending it to a worker) is not in the difference of two slabs.
    """
    for _ in range(5):
        few, many, most = (least(rows) for rows in SLABS)
        first = (many - few) / (SLABS[1] - SLABS[0])
        row = (most - many) / (SLABS[2] - SLABS[1])
        if abs(row / first - 1) <= LINEAR_WITHIN:
            return most + row * (n - SLABS[2])
    raise ValueError(f"not linear: rows cost {first:.3g} s, then {row:.3g} s")


_extrapolated = partial(_outcome, measured_n=SLABS[2])


def _add_matmul(suite: Suite) -> None:
    matmul = suite.comparison(
        "cpu_matmul",
        title="Eight products of n by n matrices",
        kind="run",
        unit="s",
        metrics=METRICS,
        sizes={"n": [50, 100, 200]},
        quick=lambda n: n == 100,
        rounds={"quick": 1, "default": 2, "full": 7},
        tree=True,
    )
    for name, needs in LOOPS.items():
        matmul.add(name, partial(_one_by_one, name), baseline=name == "triple", needs=needs)
    matmul.add("threads_4", partial(_pooled, "threads", 4))
    for workers in (1, 2, 4):
        matmul.add(f"processes_{workers}", partial(_pooled, "processes", workers))
    matmul.add("numpy", partial(_one_by_one, "numpy"), needs="numpy", note="one BLAS thread")
    matmul.add("numba", partial(_one_by_one, "numba"), needs="numba")
    matmul.add("numba_parallel", partial(_one_by_one, "numba_parallel"), needs="numba", threads=4)
    suite.claim(
        "under the GIL threads do not make computing faster",
        speedup("cpu_matmul", "threads_4", "triple") <= 1.4,
    )
    suite.claim("NumPy is far ahead", speedup("cpu_matmul", "numpy", "triple") >= 50, needs="numpy")
    suite.claim("Numba is ahead", speedup("cpu_matmul", "numba", "triple") >= 20, needs="numba")
    suite.claim(
        "two processes use two cores",
        speedup("cpu_matmul", "processes_2", "triple", n=200) >= 1.3,
        needs=("cores>=2", "calm"),
        tier="default",
    )


def _add_matmul_500(suite: Suite) -> None:
    large = suite.comparison(
        "cpu_matmul_500",
        title="Eight products at n = 500; loops extrapolated from 40 of 4,000 rows (--full: whole)",
        kind="run",
        unit="s",
        metrics=METRICS,
        tier="default",
        rounds={"default": 2, "full": 1},
        limit=1800.0,
        tree=True,
    )
    for name, needs in LOOPS.items():
        setup = partial(_one_by_one, name, 500, slabs=True)
        large.add(name, setup, baseline=name == "triple", needs=needs)
    for kind, workers in (("threads", 4), ("processes", 2), ("processes", 4)):
        large.add(f"{kind}_{workers}", partial(_pooled, kind, workers, 500, slabs=True))
    large.add("numpy", partial(_one_by_one, "numpy", 500), needs="numpy", note="one BLAS thread")
    large.add("numba", partial(_one_by_one, "numba", 500), needs="numba")
    suite.claim(
        "at n = 500 NumPy is hundreds of times faster than three loops",
        speedup("cpu_matmul_500", "numpy", "triple") >= 200,
        needs="numpy",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of computing."""
    _add_matmul(suite)
    _add_matmul_500(suite)
