"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_numerical.dashboard import digits, hundred, memory, roof, sparse, tasks, xray


def row(n: int, contender: str, ns: float) -> dict[str, Any]:
    figures = {"wall_ns": ns, "cpu_ns": ns, "peak_bytes": 0, "max_ulp": 0.0}
    return {"type": "row", "kernel": "dot", "n": n, "contender": contender, **figures}


def test_the_curve_says_where_it_crosses_and_whether_there_is_a_100x() -> None:
    events = [
        *(row(1, "pure", 10), row(1, "numpy", 100)),
        *(row(100, "pure", 1000), row(100, "numpy", 100)),
    ]
    numba = row(100, "numba", 50)

    said = hundred.finding(Seen(events))
    figure = hundred.figure_of(hundred.rows_of(Seen([*events, numba])), "dot")

    assert said == (
        "NumPy wins from n = 10 on; at n = 100 it is **10.0x faster**. There is no 100x here."
    )
    assert [trace.name for trace in figure.data] == ["NumPy", "Numba", "crossover, n = 10"]
    assert "5.0x slower" in hundred.finding(
        Seen([*events[:2], *(row(9, "pure", 1), row(9, "numpy", 5))])
    )
    assert hundred.finding(Seen(events[:2])) == ""
    bars = hundred.one_call(hundred.rows_of(Seen([*events, numba])), 500.0).data[0]
    assert list(bars.y) == ["list loop", "NumPy", "Numba", "Numba, first call (compiles)"]


def test_a_small_curve_is_measured_with_the_compilation_apart() -> None:
    events = list(tasks.speedups("dot", 20))

    assert events[0] == {"type": "plan", "total": 9}
    assert sum(event["type"] == "compile" for event in events) == 1
    assert {event["n"] for event in events if event["type"] == "row"} == {1, 10, 20}


@pytest.mark.parametrize(
    "ask",
    [
        lambda: tasks.speedups("dot", 0),
        lambda: tasks.speedups("dot", 10**9),
        lambda: tasks.roads(0),
        lambda: tasks.densities(5),
    ],
)
def test_settings_out_of_range_are_refused_with_the_range(ask: Any) -> None:
    with pytest.raises(ValueError, match="choose"):
        next(ask())


@pytest.mark.parametrize("name", xray.EXPRESSIONS)
def test_each_expression_is_drawn_by_the_bytes_it_reads(name: str) -> None:
    result = xray.EXPRESSIONS[name]
    figure = xray.figure_of(name, result)
    said = xray.finding(Seen(options={"expression": name}))

    if "**copy**" in said:
        assert name in ("a[[0, 2]]", "a[a > 15]", "a.T.reshape(24)")
        assert sum(map(sum, figure.data[0].z)) == 0
    else:
        steps = [step for some in xray.order_of(result).values() for step in some]
        assert sorted(steps) == list(range(result.size))
        assert sum(map(sum, figure.data[0].z)) == len(set(result.ravel().tolist()))


def test_the_roof_counts_what_memory_limits() -> None:
    def point(kernel: str, intensity: float, gflops: float) -> dict[str, Any]:
        told = {"contender": "numpy", "bound": 50.0, "fraction": 0.9}
        return {"type": "point", "kernel": kernel, "intensity": intensity, "gflops": gflops, **told}

    events = [
        {"type": "roof", "peak": 50.0, "bandwidth": 20.0},
        *(point("dot", 0.125, 2.0), point("matmul", 40.0, 45.0)),
        {"type": "cache", "bytes": 1 << 14, "gbps": 80.0},
    ]

    assert roof.finding(Seen(events)).startswith(
        "Memory limits **1 of 2** kernels here (left of 2.5"
    )
    assert roof.finding(Seen(events[:2])) == ""
    figure = roof.figure_of(roof.roof_of(events[0]), events[1:3], events[3:])
    assert [line.name.partition(":")[0] for line in figure.data] == ["memory", "caches", "kernels"]
    assert figure.data[1].x[1] == 50.0 / 80.0  # the ridge of the caches
    assert roof.caches_of(events[3:]).data[0].y == (80.0,)


@pytest.mark.parametrize(
    ("n", "words"), [(2, "14 can be"), (8, "5 can be believed"), (14, "no digit")]
)
def test_digits_are_promised_by_the_condition(n: int, words: str) -> None:
    assert words in digits.finding(Seen(options={"n": n}))


def test_the_race_of_sums_is_won_by_the_exact_one() -> None:
    errors = digits.race()

    assert errors["fsum"] <= 0.5 < errors["naive"]
    assert digits.race_of(errors).data[0].y[-1] in ("fsum", "neumaier")
    assert digits.column()[1] > 1000 * digits.column()[0]


def test_every_road_tells_its_memory() -> None:
    events = list(tasks.roads(2))
    samples = [event for event in events if event["type"] == "sample"]

    assert [event["done"] for event in events if event["type"] == "road"] == [1, 2, 3, 4]
    assert list(memory.peaks_of(samples)) == list(tasks.ROADS)
    assert "whatever the size" in memory.finding(Seen(samples))
    assert memory.finding(Seen(samples[:1])) == ""
    assert len(memory.over_time(samples).data) == len(tasks.ROADS)


def test_the_break_even_is_said() -> None:
    def at(*pairs: tuple[float, float]) -> Seen:
        return Seen(
            [{"type": "crossing", "density": d, "matvec": m, "bytes": d * 1.5} for d, m in pairs]
        )

    assert sparse.finding(at((0.01, 0.1), (0.1, 0.5), (0.4, 2.0))) == (
        "CSR is faster up to a density of **0.2**; at 1.0% it is 10.0x faster and takes 1.5% of "
        "the memory."
    )
    assert "**every** density" in sparse.finding(at((0.01, 0.1), (0.1, 0.5), (1.0, 0.9)))
    assert "**nowhere**" in sparse.finding(at((0.01, 2.0), (0.1, 3.0), (1.0, 4.0)))
    assert sparse.finding(at((0.01, 2.0))) == ""
