"""The machine as it is seen: thread pools, the roof, the command; and speed-free helpers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from velvet_numerical import __main__ as command
from velvet_numerical import machine, memory, sparse
from velvet_numerical.errors import MemoryBudgetExceeded, ShapeMismatch

MIB = memory.MIB


def test_numpy_and_scipy_bring_their_own_blas() -> None:
    found = machine.blas_info()

    assert any(one.api == "blas" for one in found)
    assert all(one.threads >= 1 and one.version for one in found)
    assert any(one.version[0].isdigit() for one in found)


@pytest.mark.parametrize(("took", "calls"), [(0.0001, 1 + 2 * 10), (0.002, 1 + 2)])
def test_short_calls_are_timed_together_up_to_a_millisecond(took: float, calls: int) -> None:
    now, made = [1_000.0], []

    def call() -> None:
        made.append(now[0])
        now[0] += took

    best = machine.best_seconds(call, repeats=2, clock=lambda: now[0])

    assert (round(best, 9), len(made)) == (took, pytest.approx(calls, abs=2))


def test_a_watch_has_seen_nothing_before_it_looks() -> None:
    watch = memory.Watch()

    assert (watch.anonymous, watch.file, watch.total) == (0, 0, 0)


def test_a_limit_of_threads_is_really_set_and_undone() -> None:
    def now() -> list[int]:
        return [one.threads for one in machine.blas_info() if one.api == "blas"]

    with machine.threads(2):
        before = now()
        with machine.threads(1):
            assert set(now()) == {1}
        assert now() == before
    with pytest.raises(ValueError, match="n must be an integer"), machine.threads(0):
        pass


def test_the_least_time_is_taken_from_the_clock() -> None:
    ticks = iter([0.0, 1.0, 10.0, 13.0, 20.0, 22.0])

    assert machine.best_seconds(lambda: None, repeats=2, clock=lambda: next(ticks)) == 2.0


def test_the_roof_is_the_lower_of_two_limits() -> None:
    roof = machine.Roofline(50.0, 20.0)

    assert roof.ridge == 2.5
    assert [roof.bound(i) for i in (0.1, 2.5, 100.0)] == [2.0, 50.0, 50.0]
    for bad in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="positive"):
            roof.bound(bad)
        with pytest.raises(ValueError, match="positive"):
            machine.Roofline(bad, 1.0)


def test_a_roof_of_this_machine_and_a_kernel_under_it() -> None:
    peak = machine.measure_peak(sides=(64,))
    ((size, bandwidth),) = machine.cache_curve([1 << 16], repeats=1)
    roof = machine.Roofline(peak, bandwidth)

    point = machine.place(roof, "dot", "numpy", n=1000)

    assert size == 1 << 16
    assert point.intensity == 0.125
    assert point.bound == roof.bound(0.125)
    assert point.fraction_of_bound == point.gflops / point.bound > 0


def test_the_picture_has_a_roof_a_slope_and_a_letter_for_each_point() -> None:
    roof = machine.Roofline(50.0, 20.0)
    points = [
        machine.Point("dot", "numpy", 0.125, 2.0, 2.5),
        machine.Point("matmul", "numpy", 80.0, 40.0, 50.0),
    ]

    shown = machine.ascii_roofline(roof, points)

    assert all(mark in shown for mark in "-/ab")
    assert max(map(len, shown.splitlines())) <= 58
    assert machine.ascii_roofline(roof, [])


def test_a_point_stands_where_its_logarithms_say() -> None:
    points = [
        machine.Point("k", "c", 1.0, 16.0, 16.0),
        machine.Point("k", "c", 64.0, 1.0, 64.0),
    ]

    shown = machine.ascii_roofline(machine.Roofline(64.0, 16.0), points, width=21)

    assert shown.splitlines() == [
        "|",
        "|         /-----------",
        "|        /",
        "|      /a",
        "|     /",
        "|   //",
        "|  /",
        "| /",
        "|/                b",
        "|",
        "|",
        "|",
        "+---------------------",
    ]


def test_the_command_describes_a_file_and_refuses_others(
    npy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["layout", str(npy(np.zeros((3, 4)).T))]) == 0
    assert "order           F" in capsys.readouterr().out
    assert command.main(["layout", __file__]) == 1
    assert "magic" in capsys.readouterr().err
    assert command.main(["machine"]) == 0
    assert "threads=" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command.main(["layout"])


def test_the_command_draws_the_roof(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(machine, "measure_peak", lambda: 50.0)
    monkeypatch.setattr(machine, "measure_bandwidth", lambda size: sizes.append(size) or 20.0)
    monkeypatch.setattr(machine, "PLACED", dict.fromkeys("abcdef", ("axpy", "numba", 99)))

    assert command.main(["roofline"]) == 0
    assert "peak 50.0 GFLOP/s, 20.0 GB/s, one thread" in capsys.readouterr().out
    assert sizes[0] // (3 * 8) == machine.BEYOND  # elements of each of three arrays


def test_the_package_is_a_command() -> None:
    argv = [sys.executable, "-m", "velvet_numerical", "nothing"]

    assert subprocess.run(argv, check=False, capture_output=True).returncode == 2


def test_memory_is_counted_by_kind() -> None:
    with memory.budget() as watch:
        held = np.ones(5 * MIB)

    assert held.nbytes * 0.9 <= watch.anonymous <= held.nbytes * 1.3


def test_a_budget_ends_a_loop_early_or_at_the_end() -> None:
    def exceed(check: bool) -> None:
        with memory.budget(4 * MIB) as watch:
            held = np.ones(5 * MIB)  # above what malloc ever keeps for reuse
            if check:
                watch.check()
                pytest.fail("the check raises")
            assert held.all()

    for check in (True, False):
        with pytest.raises(MemoryBudgetExceeded, match="use smaller chunks"):
            exceed(check)
    with pytest.raises(ValueError, match="limit must be"), memory.budget(0):
        pass


def test_elsewhere_private_bytes_stand_for_anonymous_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    info = SimpleNamespace(rss=5, private=3)
    monkeypatch.setattr("psutil.Process", lambda: SimpleNamespace(memory_info=lambda: info))
    monkeypatch.setattr(memory.sys, "platform", "win32")

    assert memory.resident() == memory.Resident(3, 0)

    monkeypatch.setattr(memory.sys, "platform", "linux")
    monkeypatch.setattr(memory.Path, "read_text", lambda *_, **__: "VmRSS:\t 8 kB\n")
    assert memory.resident() == memory.Resident(3, 0)


def test_formats_are_chosen_with_a_reason() -> None:
    assert sparse.choose_format(["build"])[0] == "COO"
    assert sparse.choose_format(["matvec", "columns"])[0] == "CSC"
    assert sparse.choose_format(["diagonals", "matvec"])[0] == "DIA"
    for bad in ([], ["nothing"]):
        with pytest.raises(ValueError, match="operations are of"):
            sparse.choose_format(bad)  # type: ignore[arg-type]


def test_a_product_of_rows_is_right_compiled_or_not() -> None:
    matrix = sparse.csr_from_triplets([0, 2, 2, 0], [1, 0, 2, 1], [1.0, 2.0, 3.0, 4.0], (3, 3))
    x = np.array([1.0, 10.0, 100.0])

    assert matrix.indptr.tolist() == [0, 1, 1, 3]
    assert (matrix.indices.tolist(), matrix.data.tolist()) == ([1, 0, 2], [5, 2, 3])
    assert sparse.spmv(matrix, x).tolist() == [50, 0, 302]
    assert sparse.spmv(matrix, x, compiled=False).tolist() == [50, 0, 302]
    with pytest.raises(ShapeMismatch):
        sparse.spmv(matrix, [1.0])


@pytest.mark.parametrize(
    ("rows", "columns", "values", "error"),
    [
        ([3], [0], [1.0], IndexError),
        ([0], [-1], [1.0], IndexError),
        ([0, 1], [0], [1.0], ShapeMismatch),
        ([0], [0], [1.0, 2.0], ShapeMismatch),
        ([0.5], [0], [1.0], TypeError),
    ],
)
def test_triplets_outside_the_matrix_are_refused(
    rows: list[int], columns: list[int], values: list[float], error: type[Exception]
) -> None:
    with pytest.raises(error):
        sparse.csr_from_triplets(rows, columns, values, (3, 3))


@pytest.mark.parametrize(("triplet", "shape"), [([[1]], (3, 3)), ([1], (-3, 3)), (1, (3, 3))])
def test_triplets_that_are_not_flat_or_of_no_matrix_are_refused(
    triplet: object, shape: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match=r"flat lists|two sides"):
        sparse.csr_from_triplets(triplet, triplet, triplet, shape)


def test_the_break_even_is_interpolated() -> None:
    def at(*pairs: tuple[float, float]) -> list[sparse.Crossing]:
        return [sparse.Crossing(density, share, 1.0) for density, share in pairs]

    assert sparse.break_even(at((0.1, 0.5), (0.4, 2.0))) == pytest.approx(0.2)
    assert sparse.break_even(at((0.1, 0.5), (0.4, 0.9))) == float("inf")
    assert sparse.break_even(at((0.1, 1.5))) == 0.0
    (found,) = sparse.crossover(50, [0.1])
    assert found.matvec > 0
    assert 0.05 < found.bytes < 0.5
    with pytest.raises(ValueError, match="density"):
        sparse.crossover(5, [0.0])
