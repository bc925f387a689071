"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from velvet.hostile import Call, Fixed, HostileTests, call
from velvet_numerical import (
    backend,
    blocking,
    broadcasting,
    curve,
    dtypes,
    errors,
    kernels,
    layout,
    linalg,
    machine,
    memory,
    outofcore,
    portable,
    rng,
    sparse,
    stable,
    sums,
)

CUBE = Fixed(np.arange(24.0).reshape(2, 3, 4))
SQUARE = Fixed(np.array([[4.0, 1.0], [1.0, 3.0]]))
COUNTERS = Fixed(np.zeros((2, 4), np.uint32))
ROOF = Fixed(machine.Roofline(50.0, 20.0))
ROWS = [
    curve.Row("dot", n, who, 1.0, n + 9.0 * fast, 0, 0.0)
    for n in (1, 99)
    for fast, who in enumerate(("pure", "numpy"))
]
IEEE = "a NaN gives NaN, as IEEE 754 and NumPy have it"


def of_file(function: Callable[..., Any], *args: Any) -> Call:
    """Declare a function of a file of numbers, which each call makes anew."""

    def run(*given: Any) -> Any:
        with TemporaryDirectory() as folder:
            np.save(path := Path(folder, "a.npy"), np.arange(9.0))
            found = function(path, *given)
            return [part.tolist() for part in found] if hasattr(found, "__iter__") else found

    return call(run, *args).but(of=(function,))


def few(n: int) -> None:
    """Enter the limit on threads."""
    with machine.threads(n):
        pass


class TestHostile(HostileTests):
    mutable = {"stable.Welford"}
    calls = (
        call(backend.find, "numpy"),
        call(backend.pick_device, 1e3, 1e2, there=Fixed([])),
        call(blocking.blocks, 10, 8, arrays=2),
        call(blocking.blocked_apply, np.negative, CUBE, out=Fixed(np.ones((2, 3, 4))), block=2),
        call(blocking.blocked_transpose, Fixed(np.ones((3, 5))), 2),
        call(broadcasting.broadcast_shape, (8, 1, 6), (7, 1)),
        call(broadcasting.explain_broadcast, (4, 3), (3,)),
        call(broadcasting.broadcast_cost, (8, 1, 6), (7, 1)),
        call(curve.speedups, ROWS),
        call(curve.crossover, ROWS),
        call(dtypes.safe_dtype, [200, 100], "sum").but(same=False),
        call(dtypes.cast_audit, [1.0, 2.5], Fixed(np.float32)).but(nan="NaN stays NaN: unchanged"),
        call(dtypes.overflow_report, "add", Fixed(np.uint8(200)), 100).but(
            same=False, nan="a float fits, NaN too; a scalar of NumPy brings its own dtype"
        ),
        call(dtypes.promotion_table, ("uint8", "int8")),
        call(errors.numeric, [1.0, 2.0]).but(nan="it asks for the dtype, not for the values"),
        call(errors.positive, "n", 3),
        call(kernels.side, 9),
        call(kernels.kernel, "dot").but(errors=(KeyError,)),
        call(kernels.get, "dot", "numpy").but(errors=(KeyError,)),
        call(kernels.arguments, "dot", 9, seed=11).but(errors=(KeyError,)),
        call(kernels.prepared, "dot", "numpy", 9, seed=11).but(errors=(KeyError,)),
        call(layout.address_of, CUBE, [1, 2, 3]).but(errors=(IndexError,)),
        call(layout.reshape_no_copy, CUBE, (6, 4)),
        call(layout.sliding_windows, CUBE, 2, axis=1),
        call(layout.explain_index, CUBE, (1, 2)).but(errors=(IndexError,)),
        call(layout.copy_audit, lambda: np.ones(999), least=100).but(same=False),
        call(linalg.gemm, SQUARE, SQUARE, alpha=2.0).but(nan=IEEE),
        call(linalg.gemv, SQUARE, [1.0, 2.0]).but(nan=IEEE),
        call(linalg.solve, SQUARE, [1.0, 2.0]),
        call(linalg.lu_solve_many, SQUARE, [[1.0, 2.0]]),
        call(linalg.iterative_refinement, SQUARE, [1.0, 2.0]),
        call(machine.ascii_roofline, ROOF, [machine.Point("a", "b", 1.0, 5.0, 9.0)], width=30).but(
            many=99
        ),
        call(machine.best_seconds, lambda: None, repeats=2).but(same=False, many=99),
        call(machine.Roofline, 50.0, 20.0).then("bound", 0.125),
        call(few, 1).but(of=(machine.threads,)),
        call(lambda limit: memory.Watch(limit).limit, 1 << 30).but(of=(memory.Watch,)),
        of_file(outofcore.ChunkReader, 4),
        of_file(outofcore.memmap_chunks, 4),
        of_file(outofcore.moments, 4),
        of_file(
            lambda path, q, k, chunk: outofcore.quantile_sketch(path, q, k=k, chunk=chunk),
            0.5,
            4,
            4,
        ).but(of=(outofcore.quantile_sketch,)),
        of_file(lambda path, n: outofcore.external_sort(path, path, budget=n), 9999).but(
            of=(outofcore.external_sort,)
        ),
        call(portable.heat_equation_step, Fixed(np.ones((3, 4))), 0.2),
        call(portable.power_iteration, SQUARE, 5).but(many=99),
        call(rng.philox4x32, COUNTERS, (1, 2), 10).but(many=99),
        call(rng.CounterRNG, 7).then("uniform", 5, 10),
        call(lambda seed, n: [one.random() for one in rng.spawn(seed, n)], 7, 2).but(
            many=99, of=(rng.spawn,)
        ),
        call(rng.check_streams, rng.spawn(7, 2), 10).but(many=99, same=False),
        call(sparse.choose_format, ["matvec", "rows"]),
        call(sparse.csr_from_triplets, [0, 1], [1, 0], [1.0, 2.0], (2, 2)).but(
            nan=IEEE, errors=(IndexError,)
        ),
        call(sparse.break_even, [sparse.Crossing(0.1, 0.5, 1.0), sparse.Crossing(0.2, 1.5, 1.0)]),
        call(stable.variance_two_pass, [1.0, 2.0, 4.0], ddof=1).but(nan=IEEE),
        call(stable.Welford)
        .then("add", 1.0)
        .then("update", [2.0, 3.0])
        .then("var", 1)
        .but(nan=IEEE),
        call(stable.logsumexp, [1.0, 2.0]).but(nan=IEEE),
        call(stable.softmax, [1.0, 2.0]),
        call(stable.log1mexp, 1.5),
        call(stable.hypot_safe, 3.0, 4.0).but(nan=IEEE),
        call(stable.quadratic_roots, 1.0, 2.0, 3.0),
        *(call(one, [1.0, 2.0, 4.0]).but(nan=IEEE) for one in sums.SUMS.values()),
        call(sums.dot2, [1.0, 2.0], [3.0, 4.0]).but(nan=IEEE),
        call(sums.ulp_error, 1.5, Fixed(1.0)).but(nan="infinitely far, as its docstring says"),
        call(sums.spread_values, 5, 3, 11),
    )
    excepted = {
        "__main__": "prints a table",
        "curve": "measures for seconds; `kernels.prepared` takes the names",
        "kernels": "`contenders`, `exact`, `validate` import every rival and compute fifty digits",
        "machine": "measures for seconds; `best_seconds` takes the repeats",
        "memory.budget": "its limit is checked by `Watch`",
        "outofcore": "`read_header` takes a file; Dask and zarr start for seconds",
        "sparse.crossover": "measures for seconds",
        "sums.twin": "compiles for seconds; tests/unit/test_sums_and_formulas.py",
    }
