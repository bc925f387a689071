"""Laws that hold for any input: error bounds, views, merges, streams."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from velvet_numerical import blocking, broadcasting, layout, rng, sparse, stable, sums
from velvet_numerical.contenders import blocked, numpy_out
from velvet_numerical.errors import ShapeMismatch, WouldCopy

settings.register_profile("arrays", deadline=None, max_examples=60)
settings.load_profile("arrays")

FLOATS = st.floats(-1e100, 1e100, allow_subnormal=False)
LISTS = st.lists(FLOATS, max_size=200)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
U = Fraction(1, 2**53)


def exact(values: list[float]) -> Fraction:
    return sum(map(Fraction, values), Fraction(0))


def magnitude(values: list[float]) -> Fraction:
    return exact([abs(value) for value in values])


@given(st.lists(SHAPES, max_size=4))
def test_shapes_broadcast_as_in_numpy_or_both_refuse(shapes: list[tuple[int, ...]]) -> None:
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        with pytest.raises(ShapeMismatch):
            broadcasting.broadcast_shape(*shapes)
        assert "no result" in broadcasting.explain_broadcast(*shapes)
    else:
        assert broadcasting.broadcast_shape(*shapes) == expected


@st.composite
def views(draw: st.DrawFn) -> Any:
    shape = draw(hnp.array_shapes(max_dims=4, max_side=5))
    a = np.arange(math.prod(shape)).reshape(shape)
    a = a.transpose(draw(st.permutations(range(a.ndim))))
    return a[draw(hnp.basic_indices(a.shape, allow_newaxis=True))]


@given(views(), st.integers(0, 2))
def test_a_reshape_without_a_copy_is_a_view_or_refused(a: Any, way: int) -> None:
    a = np.asarray(a)
    shape: Any = (-1, (a.size, 1), (1, *a.shape))[way]

    copied = np.reshape(a, shape)
    try:
        found = layout.reshape_no_copy(a, shape)
    except WouldCopy:
        assert not np.shares_memory(copied, a)
    else:
        assert found.shape == copied.shape
        assert not a.size or np.shares_memory(found, a)


@given(views())
def test_every_element_lies_where_the_formula_says(a: Any) -> None:
    a = np.asarray(a)
    if not isinstance(a, np.ndarray) or not a.size:
        return
    memory = {index: layout.address_of(a, index) for index in np.ndindex(a.shape)}
    first = min(memory.values())

    assert max(memory.values()) - first + a.itemsize == layout.describe(a).bytes_span
    assert all((address - first) % a.itemsize == 0 for address in memory.values())


@given(LISTS)
def test_each_sum_keeps_its_bound(values: list[float]) -> None:
    truth, size, n = exact(values), magnitude(values), len(values)
    second = n * n * U * U * size

    def error(found: float) -> Fraction:
        return abs(Fraction(found) - truth)

    assert error(sums.sum_naive(values)) <= n * U * size + second
    assert error(sums.sum_pairwise(values)) <= max(1, n - 1).bit_length() * U * size + second
    assert error(sums.sum_kahan(values)) <= 2 * U * size + 2 * second
    assert error(sums.sum_neumaier(values)) <= U * abs(truth) + 2 * second
    assert error(sums.sum_exact(values)) <= U * abs(truth)


@given(LISTS, st.randoms(use_true_random=False))
def test_the_exact_sum_does_not_know_the_order(values: list[float], random: Any) -> None:
    other = random.sample(values, len(values))

    assert sums.sum_exact(values) == sums.sum_exact(other)


MODEST = st.floats(-1e60, 1e60).filter(lambda x: x == 0 or abs(x) > 1e-60)


@given(st.lists(st.tuples(MODEST, MODEST), max_size=100))
def test_dot2_is_as_good_as_twice_the_precision(pairs: list[tuple[float, float]]) -> None:
    x, y = [p for p, _ in pairs], [q for _, q in pairs]
    truth = sum((Fraction(p) * Fraction(q) for p, q in pairs), Fraction(0))
    size = sum((abs(Fraction(p) * Fraction(q)) for p, q in pairs), Fraction(0))

    error = abs(Fraction(sums.dot2(x, y)) - truth)

    assert error <= U * abs(truth) + 2 * (len(pairs) * U) ** 2 * size


SMALL = hnp.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e3, 1e3))


@given(SMALL, st.floats(-1e3, 1e3))
def test_logsumexp_moves_with_its_values(x: Any, shift: float) -> None:
    found = stable.logsumexp(x + shift)

    assert found == pytest.approx(stable.logsumexp(x) + shift, rel=1e-12, abs=1e-9)


@given(hnp.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e308, 1e308)))
def test_softmax_is_a_distribution_for_any_finite_values(x: Any) -> None:
    weights = stable.softmax(x)

    assert np.isfinite(weights).all()
    assert weights.sum() == pytest.approx(1.0)


@given(SMALL, SMALL, SMALL)
def test_merging_moments_does_not_depend_on_the_tree(a: Any, b: Any, c: Any) -> None:
    parts = []
    for values in (a, b, c):
        part = stable.Welford()
        part.update(values)
        parts.append(part)

    left = parts[0].merge(parts[1]).merge(parts[2])
    right = parts[0].merge(parts[1].merge(parts[2]))

    scale = max(abs(np.concatenate([a, b, c])))
    assert left.n == right.n
    assert abs(left.mean - right.mean) <= 8 * math.ulp(scale)
    assert left.var() == pytest.approx(right.var(), rel=1e-12, abs=8 * math.ulp(scale**2 + 1))
    assert left.var() == pytest.approx(np.concatenate([a, b, c]).var(), rel=1e-9, abs=1e-9)


TRIPLETS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(-100, 100)), max_size=60
)


@given(TRIPLETS)
def test_triplets_add_up_as_in_a_dense_matrix(triplets: list[tuple[int, int, int]]) -> None:
    dense = np.zeros((5, 7))
    for i, j, value in triplets:
        dense[i, j] += value
    rows, columns, values = ([one[k] for one in triplets] for k in range(3))

    matrix = sparse.csr_from_triplets(rows, columns, values, (5, 7))

    assert (matrix.to_dense() == dense).all()
    assert len(matrix.data) == len({(i, j) for i, j, _ in triplets})
    x = np.arange(7.0)
    assert (sparse.spmv(matrix, x, compiled=False) == dense @ x).all()


@given(SMALL, st.integers(1, 60))
def test_blocks_change_no_bit_of_an_element_wise_result(x: Any, block: int) -> None:
    whole = numpy_out.polynomial(x)

    parts = blocking.blocked_apply(numpy_out.polynomial, x, out=np.empty_like(x), block=block)

    assert (parts == whole).all()
    assert (blocked.axpy(0.5, x, x) == numpy_out.axpy(0.5, x, x)).all()


@given(
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**60),
    st.lists(st.integers(0, 20), min_size=1, max_size=6),
)
def test_any_split_of_a_stream_is_the_same_stream(
    seed: int, start: int, lengths: list[int]
) -> None:
    stream = rng.CounterRNG(seed)

    whole = stream.uniform(start, sum(lengths))
    places = start + np.cumsum([0, *lengths[:-1]], dtype=object)
    parts = [stream.uniform(int(at), n) for at, n in zip(places, lengths, strict=True)]

    assert (np.concatenate(parts) == whole).all()
    assert ((whole >= 0) & (whole < 1)).all()
