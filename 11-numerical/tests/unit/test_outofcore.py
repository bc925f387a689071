"""Files in chunks: the same figures as in memory, by every road."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet_numerical import outofcore as oc
from velvet_numerical.errors import MemoryBudgetExceeded

Write = Callable[..., Path]


@pytest.mark.parametrize("chunk", [1, 7, 10_000, 99_999])
def test_moments_are_those_of_the_whole(npy: Write, chunk: int) -> None:
    values = 1e6 + np.random.default_rng(2).random(500)

    found = oc.moments(npy(values), chunk)

    assert found.n == 500
    assert found.mean == pytest.approx(values.mean(), rel=1e-14)
    assert found.var == pytest.approx(values.var(), rel=1e-9)
    assert (found.least, found.most) == (values.min(), values.max())


@pytest.mark.parametrize(
    "values",
    [
        np.asfortranarray(np.arange(24.0).reshape(4, 6)),
        np.arange(6, dtype=np.uint8),
        np.array(3.5),
        np.arange(5).astype(">f8"),
        np.array([True, False]),
    ],
    ids=["F order", "bytes", "0-d", "big-endian", "bool"],
)
def test_any_numeric_file_is_read(npy: Write, values: Any) -> None:
    path = npy(values)

    assert oc.moments(path, 4).mean == pytest.approx(values.mean())
    chunks = np.concatenate([part.copy() for part in oc.memmap_chunks(path, 4)])
    assert (chunks == values.ravel(order="A")).all()


def test_the_buffer_is_one_and_the_same(npy: Write) -> None:
    parts = list(oc.ChunkReader(npy(), 3000))

    assert len(parts) == 4
    assert all(np.shares_memory(part, parts[0]) for part in parts)


def test_nan_stays_visible(npy: Write) -> None:
    found = oc.moments(npy([1.0, float("nan"), 2.0]))

    assert np.isnan([found.mean, found.var, found.least, found.most]).all()


def test_quantiles_come_from_a_sample_of_known_error(npy: Write) -> None:
    values = np.random.default_rng(1).permutation(50_000) / 50_000

    found = oc.quantile_sketch(npy(values), 0.5, k=5_000, chunk=4_096)

    assert found == pytest.approx(0.5, abs=5 * (0.25 / 5_000) ** 0.5)
    assert oc.quantile_sketch(npy([3.0, 1.0]), 0.0) == 1.0
    for bad in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="within 0 and 1"):
            oc.quantile_sketch(npy(), bad)


@pytest.mark.parametrize("dtype", ["f8", "i4", "u1"])
def test_a_file_is_sorted_in_little_memory(npy: Write, tmp_path: Path, dtype: str) -> None:
    values = (np.random.default_rng(8).normal(0, 50, 5_000)).astype(dtype)
    out = tmp_path / "sorted.npy"

    runs = oc.external_sort(npy(values), out, budget=values.nbytes // 2)

    assert runs >= 4
    assert (np.load(out) == np.sort(values)).all()
    assert np.load(out).dtype == values.dtype


def test_nan_is_sorted_to_the_end_as_numpy_does(npy: Write, tmp_path: Path) -> None:
    values = [2.0, float("nan"), 1.0, float("inf"), float("nan"), -1.0]
    out = tmp_path / "sorted.npy"

    oc.external_sort(npy(values), out, budget=64)

    np.testing.assert_array_equal(np.load(out), np.sort(values))
    assert oc.external_sort(npy(np.zeros(0)), out) == 1
    assert np.load(out).size == 0


def test_a_budget_that_holds_no_buffer_for_each_run_is_refused(npy: Write, tmp_path: Path) -> None:
    with pytest.raises(MemoryBudgetExceeded, match="use smaller chunks"):
        oc.external_sort(npy(), tmp_path / "out.npy", budget=64)
    with pytest.raises(ValueError, match="budget must be"):
        oc.external_sort(npy(), tmp_path / "out.npy", budget=0)
    with pytest.raises(ValueError, match="one dimension"):
        oc.external_sort(npy(np.zeros((2, 2))), tmp_path / "out.npy")


def test_an_empty_file_has_no_moments(npy: Write) -> None:
    path = npy(np.zeros(0))

    for ask in (oc.moments, oc.dask_moments, lambda p: oc.quantile_sketch(p, 0.5)):
        with pytest.raises(ValueError, match="no values"):
            ask(path)
    with pytest.raises(ValueError, match="one dimension"):
        oc.dask_moments(npy(np.zeros((2, 2))))
