"""Sums and formulas at the places where the textbook form fails, judged by mpmath."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from velvet_numerical import stable, sums
from velvet_numerical.errors import ShapeMismatch

INF, NAN = math.inf, math.nan


def exact(values: Any) -> Fraction:
    return sum(map(Fraction, values), Fraction(0))


@pytest.mark.parametrize("name", sums.SUMS)
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], 0.0),
        ([1.0], 1.0),
        ([INF, 1.0], INF),
        ([1.0, -INF], -INF),
        ([INF, -INF], NAN),
        ([NAN, 1.0], NAN),
        ([True, 2], 3.0),
        (np.full(5, 2, np.uint8), 10.0),
        (np.broadcast_to(np.float64(0.5), (2, 3)), 3.0),
        (np.arange(10.0)[::-3], 18.0),
        (np.float32(2.5), 2.5),
        ([200, 100, 2**40], 2**40 + 300.0),
    ],
)
def test_each_sum_takes_what_numpy_takes(name: str, values: Any, expected: float) -> None:
    assert sums.SUMS[name](values) == pytest.approx(expected, abs=0, nan_ok=True)


@pytest.mark.parametrize("name", sums.LOOPS)
def test_the_compiled_twin_returns_the_same_bits(name: str) -> None:
    values = sums.spread_values(999)
    given = (values,) if name != "dot2" else (values, values[::-1].copy())

    assert sums.twin(name)(*given) == sums.LOOPS[name](*(one.tolist() for one in given))


def test_an_unknown_twin_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(KeyError, match="choose one of naive, pairwise"):
        sums.twin("nive")


def test_errors_fall_from_naive_to_exact() -> None:
    values = sums.spread_values(20_000)
    truth = exact(values)

    errors = {name: sums.ulp_error(way(values), truth) for name, way in sums.SUMS.items()}

    assert errors["naive"] > errors["pairwise"] >= errors["neumaier"]
    assert errors["fsum"] <= 0.5


def test_sums_that_overflow_half_way() -> None:
    assert sums.sum_exact([1e308, 1e308, -1e308]) == 1e308
    assert sums.sum_exact([1e308, 1e308]) == INF
    assert sums.sum_exact([-1e308, -1e308]) == -INF
    assert sums.sum_neumaier([1e308, 1e308]) == INF


def test_a_product_sum_is_right_where_the_plain_one_has_no_digit() -> None:
    x, y = [1e10, 1.0, -1e10], [1e10, 1.0, 1e10]

    assert sums.dot2(x, y) == 1.0
    assert sums.dot2([1e305], [1.0]) == 1e305
    assert sums.dot2([INF], [1.0]) == INF
    with pytest.raises(ShapeMismatch):
        sums.dot2([1.0], [1.0, 2.0])


def test_ulp_errors_of_special_values() -> None:
    assert sums.ulp_error(NAN, NAN) == sums.ulp_error(INF, INF) == 0.0
    assert sums.ulp_error(1.0, INF) == INF
    assert sums.ulp_error(1.0 + 2**-52, mpmath.mpf(1)) == 1.0


def test_the_variance_survives_a_large_mean() -> None:
    values = 1e9 + np.array([0.0, 1.0, 2.0, 3.0])
    textbook = (values**2).mean() - values.mean() ** 2

    stream = stable.Welford()
    for value in values:
        stream.add(value)

    assert stable.variance_two_pass(values) == stream.var() == 1.25
    assert abs(textbook - 1.25) > 1
    assert stable.variance_two_pass(values, ddof=1) == pytest.approx(5 / 3)


@pytest.mark.parametrize(
    "make", [lambda: stable.variance_two_pass([]), lambda: stable.Welford().var()]
)
def test_nothing_has_no_variance(make: Any) -> None:
    with pytest.raises(ValueError, match="needs more than 0"):
        make()
    with pytest.raises(ValueError, match="ddof=1"):
        stable.variance_two_pass([1.0], ddof=1)


def test_a_stream_merges_with_nothing() -> None:
    one = stable.Welford()
    one.update([])
    one.update([1.0, 3.0])

    assert one.merge(stable.Welford()) == stable.Welford().merge(one) == stable.Welford(2, 2.0, 2.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], -INF), ([-INF, -INF], -INF), ([INF, 1], INF), ([NAN, 1], NAN), ([1e308, -1e308], 1e308)],
)
def test_logsumexp_of_extremes(values: Any, expected: float) -> None:
    assert stable.logsumexp(values) == pytest.approx(expected, nan_ok=True)


def test_softmax_refuses_what_has_no_maximum() -> None:
    assert stable.softmax([]).size == 0
    assert stable.softmax([[1e308, -1e308]]).tolist() == [[1.0, 0.0]]
    for bad in ([INF, 1.0], [NAN], [-INF]):
        with pytest.raises(ValueError, match="finite maximum"):
            stable.softmax(bad)


@pytest.mark.parametrize("x", [1e-300, 1e-17, 1e-8, 0.3, math.log(2), 0.7, 1.0, 30.0, 50.0, 700.0])
def test_log1mexp_by_mpmath(x: float) -> None:
    with mpmath.workdps(400):
        truth = mpmath.log(1 - mpmath.exp(-mpmath.mpf(x)))
        assert sums.ulp_error(stable.log1mexp(x), truth) <= 4


def test_log1mexp_at_its_edges() -> None:
    assert stable.log1mexp(0) == -INF
    for bad in (-1.0, NAN):
        with pytest.raises(ValueError, match="x >= 0"):
            stable.log1mexp(bad)


@pytest.mark.parametrize(
    ("x", "y"), [(3, 4), (1e300, 1e300), (5e-324, 5e-324), (1e-200, -1e-200), (0, 0), (1, 1e-20)]
)
def test_hypot_by_mpmath(x: float, y: float) -> None:
    with mpmath.workdps(700):
        assert sums.ulp_error(stable.hypot_safe(x, y), mpmath.hypot(x, y)) <= 1


def test_hypot_at_its_edges() -> None:
    assert stable.hypot_safe(INF, NAN) == stable.hypot_safe(NAN, -INF) == INF
    assert math.isnan(stable.hypot_safe(NAN, 1.0))
    assert stable.hypot_safe(1.7e308, 1.7e308) == INF


@pytest.mark.parametrize(
    "coefficients",
    [
        *((1, -3, 2), (1, 1e8, 1), (1, -1e8, 1), (1, 2, 1), (1e-200, 1, 1e-200), (1, 0, -2)),
        *((94906265.625, -189812534.0, 94906268.375), (1e200, 1e200, -1e200), (2, 3, 5), (1, 0, 1)),
    ],
)
def test_roots_by_mpmath(coefficients: tuple[float, float, float]) -> None:
    a, b, c = coefficients
    with mpmath.workdps(900):
        root = mpmath.sqrt(mpmath.mpf(b) ** 2 - 4 * mpmath.mpf(a) * c)
        truth = sorted(
            ((-b - root) / (2 * mpmath.mpf(a)), (-b + root) / (2 * mpmath.mpf(a))),
            key=lambda z: (mpmath.re(z), mpmath.im(z)),
        )
        for found, exactly in zip(stable.quadratic_roots(a, b, c), truth, strict=True):
            for part in (mpmath.re, mpmath.im):
                if part(exactly):
                    assert sums.ulp_error(float(part(found)), part(exactly)) <= 1


def test_roots_at_their_edges() -> None:
    assert stable.quadratic_roots(0, 2, -4) == (2.0,)
    assert stable.quadratic_roots(1, 0, 0) == (0.0, 0.0)
    assert stable.quadratic_roots(2.0**-600, 0, -(2.0**-600)) == (-1.0, 1.0)
    for bad in ((0, 0, 1), (NAN, 1, 1), (1, INF, 0)):
        with pytest.raises(ValueError, match=r"no unknown|finite"):
            stable.quadratic_roots(*bad)


@pytest.mark.parametrize("bad", [["a"], [object()], np.array(["2026-01-01"], "M8[D]"), [1j]])
def test_what_is_no_real_number_is_a_type_error(bad: Any) -> None:
    for way in (*sums.SUMS.values(), stable.logsumexp, stable.softmax, stable.variance_two_pass):
        with pytest.raises(TypeError, match="numeric dtype required"):
            way(bad)  # type: ignore[operator]
