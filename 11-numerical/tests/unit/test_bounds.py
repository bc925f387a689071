"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet_numerical import (
    backend,
    blocking,
    dtypes,
    layout,
    linalg,
    machine,
    outofcore,
    portable,
    rng,
    sparse,
    stable,
    sums,
)
from velvet_numerical.broadcasting import broadcast_shape
from velvet_numerical.errors import MemoryBudgetExceeded, ShapeMismatch

LINE, GRID = np.arange(3.0), np.ones((2, 2))
WORDS = np.zeros((1, 4), np.uint32)


def csr(*entries: tuple[int, int, float], shape: Any = (2, 3)) -> sparse.Csr:
    rows, columns, values = zip(*entries, strict=True) if entries else ([], [], [])
    return sparse.csr_from_triplets(list(rows), list(columns), list(values), shape)


def where(position: int) -> int:
    return layout.address_of(LINE, [position]) - layout.address_of(LINE, [0])


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: broadcast_shape((0,), (1,)), (0,)),
        (lambda: where(2), 16),
        (lambda: where(-3), 0),
        (lambda: layout.describe(LINE[:0]).contiguous_runs, 0),
        (lambda: layout.describe(LINE[:0]).bytes_span, 0),
        (lambda: layout.describe(np.ones((3, 1))).contiguous_runs, 1),
        (lambda: layout.describe(np.ones((3, 4))[:, :2]).contiguous_runs, 3),
        (lambda: layout.describe(GRID[0]).base_chain, ("ndarray(2, 2)",)),
        (lambda: layout.describe(np.frombuffer(b"ab", np.uint8)).base_chain, ("bytes",)),
        (lambda: dtypes.cast_audit([math.nan, math.nan], np.int64).changed, 2),
        (lambda: dtypes.cast_audit([math.nan], np.float32).changed, 0),
        (lambda: layout.sliding_windows(LINE, 3).shape, (1, 3)),
        (lambda: layout.sliding_windows(LINE, 1).shape, (3, 1)),
        (lambda: machine.Roofline(1, 2).bound(0.5), 1.0),
        (lambda: machine.Roofline(1, 2).bound(0.25), 0.5),
        (lambda: backend.pick_device(0, 0, there=[]).device.name, "cpu"),
        (lambda: portable.heat_equation_step(GRID, 0.25).tolist(), GRID.tolist()),
        (lambda: rng.philox4x32(WORDS, (0, 2**32 - 1), rounds=1).shape, (1, 4)),
        (lambda: rng.CounterRNG(2**64 - 1).uniform(0, 1).shape, (1,)),
        (lambda: rng.CounterRNG(0).uniform(2**64 - 1, 1).shape, (1,)),
        (lambda: rng.CounterRNG(0).uniform(0, 0).shape, (0,)),
        (lambda: len(rng.spawn(1, 1)), 1),
        (lambda: csr(shape=(0, 0)).shape, (0, 0)),
        (lambda: list(csr((1, 2, 5.0)).data), [5.0]),
        (lambda: list(csr((0, 0, 5.0)).indices), [0]),
        (lambda: len(sparse.crossover(4, [1])), 1),
        (lambda: stable.variance_two_pass([3.0]), 0.0),
        (lambda: stable.variance_two_pass([1.0, 3.0], ddof=1), 2.0),
        (lambda: stable.Welford(2, 2.0, 2.0).var(1), 2.0),
        (lambda: stable.log1mexp(0), -math.inf),
        (lambda: stable.variance_two_pass([0.1, 0.1, 0.1]), 0.0),  # whose mean is not 0.1
        (lambda: sums.spread_values(0).size, 0),
        (lambda: sums.spread_values(1).size, 1),
        (lambda: linalg.solve([[4.0]], [2.0]).x[0], 0.5),
        (lambda: linalg.digits_left([[4.0]]), 15),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: broadcast_shape((-1,)), "no negative sizes: -1"),
        (lambda: where(3), "index 3 is out of bounds"),
        (lambda: where(-4), "index -4 is out of bounds"),
        (lambda: layout.sliding_windows(LINE, 4), "longer than the axis of 3"),
        (lambda: layout.sliding_windows(LINE, 0), "at least 1, not 0"),
        (lambda: layout.sliding_windows(LINE, True), "at least 1, not True"),
        (lambda: machine.Roofline(0, 1), "are positive"),
        (lambda: machine.Roofline(1, 0), "are positive"),
        (lambda: machine.Roofline(math.inf, 1), "are positive"),
        (lambda: machine.Roofline(1, math.inf), "are positive"),
        (lambda: machine.Roofline(1, 1).bound(0), "intensity is positive"),
        (lambda: backend.pick_device(-1, 0), "not negative"),
        (lambda: backend.pick_device(0, -1), "not negative"),
        (lambda: backend.pick_device(math.inf, 0), "are finite"),
        (lambda: backend.pick_device(0, math.inf), "are finite"),
        (lambda: portable.heat_equation_step(GRID[:1], 0.1), "two sides of at least 2"),
        (lambda: portable.heat_equation_step(LINE, 0.1), "two sides"),
        (lambda: portable.heat_equation_step(GRID, 0), "rate is above 0"),
        (lambda: portable.heat_equation_step(GRID, 0.2501), "at most 0.25"),
        (lambda: rng.philox4x32(WORDS, (-1, 0)), "32 bits"),
        (lambda: rng.philox4x32(WORDS, (0, -1)), "32 bits"),
        (lambda: rng.philox4x32(WORDS, (2**32, 0)), "32 bits"),
        (lambda: rng.philox4x32(WORDS, (0, 2**32)), "32 bits"),
        (lambda: rng.philox4x32(WORDS[:, :3], (0, 0)), "4 words"),
        (lambda: rng.philox4x32(WORDS, (0, 0), rounds=0), "rounds"),
        (lambda: rng.CounterRNG(-1), "not -1"),
        (lambda: rng.CounterRNG(2**64), "2\\*\\*64 - 1"),
        (lambda: rng.CounterRNG(0).uniform(-1, 1), "a position"),
        (lambda: rng.CounterRNG(0).uniform(0, -1), "a position"),
        (lambda: rng.CounterRNG(0).uniform(2**64 - 1, 2), "a position"),
        (lambda: csr(shape=(-1, 3)), "0 or more"),
        (lambda: csr(shape=(1, 2, 3)), "two sides"),
        (lambda: csr((-1, 0, 1.0)), "row indices are within 0 and 1"),
        (lambda: csr((2, 0, 1.0)), "row indices are within 0 and 1"),
        (lambda: csr((0, 3, 1.0)), "column indices are within 0 and 2"),
        (lambda: sparse.crossover(4, [0]), "density"),
        (lambda: sparse.crossover(4, [1.01]), "density"),
        (lambda: stable.variance_two_pass([]), "more than 0 values"),
        (lambda: stable.variance_two_pass([1.0], ddof=1), "more than 1 values"),
        (lambda: stable.Welford(1).var(1), "more than 1 values"),
        (lambda: stable.log1mexp(-0.01), "x >= 0"),
        (lambda: outofcore.quantile_sketch("a", -0.01), "within 0 and 1"),
        (lambda: outofcore.quantile_sketch("a", 1.01), "within 0 and 1"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises((ValueError, IndexError), match=words):
        call()


@pytest.mark.parametrize(
    ("call", "axis", "sizes"),
    [
        (lambda: broadcast_shape((2, 3), (4, 3)), -2, (2, 4)),
        (lambda: blocking.blocked_apply(np.copyto, GRID, out=np.ones((3, 2))), -2, (2, 3)),
        (lambda: linalg.gemm(GRID, np.ones((3, 2))), -1, (2, 3)),
        (lambda: linalg.gemm(GRID, GRID, np.ones((3, 2))), -2, (3, 2)),
        (lambda: linalg.solve(np.ones((2, 3)), LINE), -1, (2, 3)),
        (lambda: linalg.solve(GRID, LINE), -1, (2, 3)),
        (lambda: linalg.solve(GRID, np.ones((3, 1))), -2, (2, 3)),
        (lambda: sparse.spmv(csr(), LINE[:2], compiled=False), -1, (3, 2)),
        (lambda: sparse.csr_from_triplets([0], [0, 1], [1.0], (2, 2)), -1, (1, 2)),
        (lambda: sparse.csr_from_triplets([0], [0], [1.0, 2.0], (2, 2)), -1, (1, 2)),
        (lambda: sums.dot2([1.0], [1.0, 2.0]), -1, (1, 2)),
    ],
)
def test_a_mismatch_names_the_axis_and_both_sizes(
    call: Callable[[], Any], axis: int, sizes: tuple[int, int]
) -> None:
    with pytest.raises(ShapeMismatch) as found:
        call()

    assert (found.value.axis, found.value.sizes) == (axis, sizes)


def test_every_bit_of_a_seed_counts() -> None:
    first = {rng.CounterRNG(seed).uniform(0, 1)[0] for seed in (0, 1, 2**31, 2**32, 2**63)}

    assert len(first) == 5


@pytest.mark.parametrize("decades", [4, 16])
def test_values_are_spread_over_as_many_decades_as_asked_for(decades: int) -> None:
    found = np.abs(sums.spread_values(2000, decades))

    assert 10 ** (-decades / 2) <= found.min() < 10 ** (-decades / 2 + 0.2)
    assert 10 ** (decades / 2 - 0.2) < found.max() <= 1.0001 * 10 ** (decades / 2)


def test_a_file_is_whole_to_its_last_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, LINE)

    assert outofcore.read_header(path).count == 3
    assert outofcore.quantile_sketch(path, 0, k=3) == 0
    assert outofcore.quantile_sketch(path, 1, k=3, chunk=1) == 2
    assert outofcore.quantile_sketch(path, 0, k=1) == outofcore.quantile_sketch(path, 1, k=1)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="truncated"):
        outofcore.read_header(path)


def test_a_sort_needs_a_value_for_each_run(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([3.0, 1.0, 2.0]))
    least = outofcore.MERGED * 4

    assert outofcore.external_sort(tmp_path / "a.npy", tmp_path / "b.npy", budget=least) >= 1
    assert np.load(tmp_path / "b.npy").tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(MemoryBudgetExceeded):
        outofcore.external_sort(tmp_path / "a.npy", tmp_path / "b.npy", budget=1)
