"""What the tabs draw and say about events that are made up, and what the tasks refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_performance.dashboard import collector, compiling, flames, rungs, shoot, tasks
from velvet_performance.stacks import Stacks

TRUTH = {
    "type": "truth",
    "parts": {"many_small": 0.4, "one_loop": 0.6},
    "witness": "many_small",
    "hot": "one_loop",
}


def scored(profiler: str, reported: float, **more: Any) -> dict[str, Any]:
    told = {
        "type": "score",
        "profiler": profiler,
        "kind": "sampling",
        "reported": reported,
        "bent": 0.5,
        "overhead": 2.0,
        "rank": 1,
        "lo": reported,
        "hi": reported,
        "problem": "",
    }
    return told | more


def test_the_shoot_out_names_the_worst_and_draws_the_truth() -> None:
    seen = Seen(
        [
            TRUTH,
            scored("py_spy", 0.42, lo=0.3, hi=0.5),
            scored("yappi", 0.95, rank=2, kind="call-trace"),
            scored("perf", 0.0, problem="not installed"),
        ]
    )
    figure = shoot.figure_of(TRUTH, seen.of("score"))

    assert shoot.finding(seen) == (
        "many_small is **40%** of the program; yappi says **95%**. 1 of 2 profilers put the hot "
        "part first."
    )
    assert figure.layout.shapes[0].y0 == 40
    assert {point for trace in figure.data for point in trace.text} == {"py_spy", "yappi"}
    assert list(shoot.bars_of(TRUTH, seen.of("score")).data[1].y) == ["py_spy", "yappi"]
    assert shoot.finding(Seen([TRUTH])) == ""
    assert set(tasks.order()) == set(tasks.profilers())


def test_a_flame_graph_is_an_icicle_coloured_by_change() -> None:
    before = Stacks({("run", "slow"): 8.0, ("run", "rest"): 2.0})
    after = Stacks({("run", "slow"): 1.0, ("run", "rest"): 2.0})
    (icicle,) = flames.figure_of(after, before, "t").data
    colours = dict(zip(icicle.ids, icicle.marker.colors, strict=True))

    assert colours["all/run/slow"] != colours["all/run/rest"] != colours["all/run"]
    assert icicle.values[0] == 3.0
    events = [
        {"type": "profile", "stage": 0, "cpu_ms": 100.0, "lines": [[["run", "slow"], 8.0]]},
        {"type": "profile", "stage": 1, "cpu_ms": 25.0, "lines": [[["run", "rest"], 2.0]]},
    ]
    assert "**4.0x** less" in flames.finding(Seen(events))
    assert flames.finding(Seen([])) == ""


def test_a_ladder_says_its_total_and_its_worst_prediction() -> None:
    rows = [
        {"type": "rung", "step": "naive", "ms": 100.0, "total": 1.0},
        {"type": "rung", "step": "one", "ms": 20.0, "gain": 5.0, "lo": 4.0, "hi": 6.0}
        | {"predicted": 4.0, "verdict": "helps", "total": 5.0},
        {"type": "rung", "step": "two", "ms": 20.0, "gain": 1.0, "lo": 0.9, "hi": 1.1}
        | {"predicted": 1.1, "verdict": "no effect", "total": 5.0},
    ]

    assert rungs.finding(Seen(rows)) == (
        "**5x** in 2 rungs; the worst prediction is off by **20%**. 1 rungs have no effect."
    )
    assert len(rungs.figure_of(rows).data) == 2
    assert list(rungs.total_of(rows).data[0].y) == [100.0, 20.0, 20.0]
    assert rungs.finding(Seen(rows[:2])) == ""


def test_builds_and_layouts_are_drawn() -> None:
    def build(name: str, s: float) -> dict[str, Any]:
        pauses = [[0.01, 20.0, 2], [0.02, 0.5, 0]]
        return {"type": "build", "name": name, "s": s, "samples": [[0, 0], [s, 9]]} | {
            "pauses": pauses
        }

    builds = [build("as it comes", 0.4), build("threshold 50,000", 0.2), build("paused", 0.1)]
    assert "**4.0x** as long" in collector.finding(Seen(builds))
    assert "**20 ms**" in collector.finding(Seen(builds))
    assert collector.finding(Seen(builds[:1])) == ""
    assert len(collector.timeline_of(builds).data) == 6
    bars = collector.layouts_of([{"name": "a", "bytes": 1.0}, {"name": "b", "bytes": 2.0}])
    assert list(bars.data[0].y) == ["b", "a"]


def test_compilers_are_compared_and_paid_back() -> None:
    rows = [
        {"type": "time", "kind": kind, "side": side, "ms": ms, "made_ready_s": ready}
        for kind, ready, times in (
            ("pure", 0.0, (1.0, 10.0)),
            ("numpy", 0.1, (2.0, 2.0)),
            ("numba", 2.0, (0.1, 0.5)),
        )
        for side, ms in zip((10, 90), times, strict=True)
    ]

    assert compiling.finding(Seen(rows)) == (
        "numba is **20x** faster at 90 x 90; making it ready took 2.0 s, which **211 calls** pay "
        "back."
    )
    assert list(compiling.figure_of(rows).data[0].text[1]) == ["0.5x", "5.0x"]
    assert max(compiling.law_of(0.0, 0.0).data[2].y) == 64
    assert compiling.finding(Seen(rows[:2])) == ""


@pytest.mark.parametrize(
    "ask",
    [
        lambda: tasks.flame("cprofile", 99),
        lambda: tasks.climb("access_log", 1),
        lambda: tasks.climb("none", 100),
        lambda: tasks.collections(5),
        lambda: tasks.shoot("none"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_range(ask: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="choose"):
        next(ask())


def test_tasks_tell_events_that_their_tabs_understand() -> None:
    climbed = list(tasks.climb("access_log", 30))
    assert [one["total"] for one in climbed[:1]] == [6]
    assert "in 5 rungs" in rungs.finding(Seen(climbed))

    built = list(tasks.collections(10_000))
    assert "as long while" in collector.finding(Seen(built))

    told = list(tasks.flame("cprofile", 1))
    assert [one.get("stage") for one in told] == [None, 0, 1]
    assert flames.finding(Seen(told)).startswith("**")
