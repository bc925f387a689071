"""Every contender of every kernel agrees with fifty digits, compiled or not."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from velvet_numerical import blocking, contenders, curve, kernels
from velvet_numerical.errors import ShapeMismatch

NUMBA = [
    name for name in kernels.KERNELS if "numba" in kernels.contenders(name)
]  # every kernel that it defines


@pytest.mark.parametrize("kernel", kernels.KERNELS)
def test_all_contenders_agree_with_the_exact_value(kernel: str) -> None:
    errors = kernels.validate(kernel, rtol=1e-12, n=49)

    assert "pure" in errors
    assert len(errors) >= 2


@pytest.mark.parametrize("kernel", NUMBA)
def test_the_body_that_numba_compiles_is_right_as_python(kernel: str) -> None:
    given = kernels.arguments(kernel, 49)

    found = kernels.get(kernel, "numba").py_func(*given)  # type: ignore[attr-defined]

    expected = kernels.prepared(kernel, "pure", 49)()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("kernel", ["axpy", "dot", "matmul", "polynomial", "stencil2d"])
def test_float32_keeps_its_digits_and_its_type(kernel: str) -> None:
    wide = kernels.arguments(kernel, 64)
    narrow = tuple(a.astype("f4") if isinstance(a, np.ndarray) else a for a in wide)

    found = kernels.get(kernel, "numpy")(*narrow)

    np.testing.assert_allclose(found, kernels.get(kernel, "numpy")(*wide), rtol=1e-5, atol=1e-5)
    assert not isinstance(found, np.ndarray) or found.dtype == np.float32


@pytest.mark.parametrize("contender", ["numpy", "blocked", "numba"])
@pytest.mark.parametrize(("n", "found"), [(5, -1), (100, 11), (200_000, 11)])
def test_a_search_stops_at_the_first_hit_or_says_there_is_none(
    contender: str, n: int, found: int
) -> None:
    assert kernels.prepared("early_exit", contender, n)() == found


def test_the_blas_way_to_distances_loses_close_points() -> None:
    points = np.array([[1.0, 1.0, 1.0], [1.0 + 1e-9, 1.0, 1.0]])

    careful = kernels.get("pairwise_distance", "numpy")(points)
    by_blas = kernels.get("pairwise_distance", "blas")(points)

    assert careful[0, 1] == pytest.approx(1e-9, rel=1e-6)
    assert abs(by_blas[0, 1] - 1e-9) > 1e-10


def test_unknown_names_list_the_valid_ones() -> None:
    with pytest.raises(KeyError, match="choose one of axpy"):
        kernels.kernel("nothing")
    with pytest.raises(KeyError, match="choose one of blas"):
        contenders.load("nothing")
    with pytest.raises(KeyError, match="scipy has no dot: choose one of"):
        kernels.get("dot", "scipy")


def test_a_contender_that_is_wrong_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet_numerical.contenders import numexpr

    monkeypatch.setattr(numexpr, "axpy", lambda a, x, y: x * a + y * (1 + 1e-6))
    with pytest.raises(ValueError, match="numexpr is off by"):
        kernels.validate("axpy")
    monkeypatch.setattr(numexpr, "axpy", lambda a, x, y: x[1:])
    with pytest.raises(ValueError, match="numexpr returned shape"):
        kernels.validate("axpy")


def test_without_numba_its_contender_is_absent_and_nothing_else_changes() -> None:
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "from velvet_numerical import kernels\n"
        "print(*kernels.contenders('dot'))"
    )

    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == ["blas", "numpy", "pure"]


@pytest.mark.parametrize("name", ["axpy", "polynomial", "exp_sum"])
@pytest.mark.parametrize("contender", ["numpy", "numpy_out", "numba"])
def test_strided_reversed_and_read_only_inputs_give_the_same(name: str, contender: str) -> None:
    given = kernels.arguments(name, 60)

    def awkward(one: Any) -> Any:
        if not isinstance(one, np.ndarray):
            return one
        spread = np.zeros(2 * len(one))
        spread[::-2] = one
        spread.flags.writeable = False
        return spread[::-2]

    odd = [awkward(one) for one in given]
    np.testing.assert_allclose(
        kernels.get(name, contender)(*odd), kernels.get(name, contender)(*given), rtol=1e-14
    )


@pytest.mark.parametrize("contender", ["pure", "numpy", "numpy_out", "numba", "numexpr"])
def test_one_number_that_strides_of_zero_repeat_gives_the_same(contender: str) -> None:
    x = np.broadcast_to(2.0, 50)

    assert x.strides == (0,)
    assert list(kernels.get("axpy", contender)(3.0, x, x)) == [8.0] * 50


def test_a_block_function_is_refused_before_it_computes() -> None:
    out, calls = np.zeros(4), []
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        blocking.blocked_apply(lambda *_: calls.append(1), np.ones(4), out=out)
    with pytest.raises(ShapeMismatch):
        blocking.blocked_apply(lambda *_: calls.append(1), np.ones(5), out=np.zeros(4))
    with pytest.raises(ValueError, match="block must be an integer of at least 1"):
        blocking.blocked_apply(lambda *_: calls.append(1), np.ones(4), out=np.zeros(4), block=0)
    with pytest.raises(ValueError, match="2 dimensions"):
        blocking.blocked_transpose(np.zeros(4))
    assert calls == []


@pytest.mark.parametrize("shape", [(1, 1), (33, 64), (100, 7), (0, 3)])
def test_a_blocked_transpose_is_a_transpose(shape: tuple[int, int]) -> None:
    a = np.arange(math.prod(shape)).reshape(shape)

    assert (blocking.blocked_transpose(a) == a.T).all()


def rows(pairs: dict[int, tuple[float, float]]) -> list[curve.Row]:
    return [
        curve.Row("dot", n, name, wall, wall, 0, 0.0)
        for n, walls in pairs.items()
        for name, wall in zip(("pure", "numpy"), walls, strict=True)
    ]


@pytest.mark.parametrize(
    ("pairs", "n"),
    [
        ({1: (1, 10), 100: (10, 1)}, 10),
        ({1: (2, 1), 10: (20, 1)}, 1),
        ({1: (1, 2), 10: (1, 2)}, None),
        ({1: (1, 1)}, None),
        ({1: (1, 1), 10: (2, 1)}, 1),
        ({1: (9, 1), 10: (1, 2), 1000: (8, 1)}, 32),
        ({}, None),
    ],
)
def test_the_crossover_is_where_the_curve_stays_above_one(
    pairs: dict[int, tuple[float, float]], n: int | None
) -> None:
    assert curve.crossover(rows(pairs)) == n


def test_an_error_is_counted_in_units_of_the_last_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "exact", lambda name, n: [4.0, 1e-300, 0.5])
    away = [4.0 + 3 * math.ulp(4.0), 1e-300 - 2 * math.ulp(1e-300), 0.5]
    monkeypatch.setattr(kernels, "prepared", lambda *_: lambda: away)

    assert curve.measure("dot", "pure", 3, repeats=1).max_ulp == 3


class Counted(float):
    """A number that counts what is computed with it."""

    steps = 0

    def _counted(self, _other: float) -> Counted:
        Counted.steps += 1
        return Counted(1.0)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _counted  # type: ignore[assignment]


@pytest.mark.parametrize("name", ["axpy", "dot", "polynomial", "loop_sum", "matmul"])
def test_the_flops_of_a_kernel_are_those_of_its_loop(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(value: Any) -> Any:
        return [counted(one) for one in value] if isinstance(value, list) else Counted(value)

    monkeypatch.setattr(Counted, "steps", 0)
    given = [counted(one) for one in kernels.arguments(name, 100, contender="pure")]

    kernels.get(name, "pure")(*given)

    assert Counted.steps == kernels.kernel(name).flops(100)


def test_a_curve_has_time_memory_and_error_of_each_contender() -> None:
    found = list(curve.speedup_curve("dot", (1, 300), repeats=1))

    assert [(row.n, row.contender) for row in found] == [
        (n, name) for n in (1, 300) for name in ("pure", "numpy")
    ]
    assert all(row.wall_ns > 0 and row.peak_bytes >= 0 for row in found)
    assert [row.max_ulp <= 2 for row in found] == [True, True, False, False]
    assert set(curve.speedups(found)) == {1, 300}
    assert list(curve.speedup_curve("matmul", (10**6,))) == []
    most = curve.speedup_curve("matmul", (40_000, 40_001), rivals=("numpy",), repeats=1)
    assert [row.n for row in most] == [40_000]


def test_lists_and_arrays_are_the_same_numbers() -> None:
    lists: Any = kernels.arguments("dot", 10, contender="pure")
    arrays = kernels.arguments("dot", 10)

    assert isinstance(lists[0], list)
    assert (np.array(lists) == np.array(arrays)).all()
