"""What the tabs draw and say about events that are made up, and what the tasks refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_ml.dashboard import ab_lab, drift_race, is_it_real, registry_tab, serving_tab, tasks


def test_experiments_unfold_and_are_judged() -> None:
    events = list(tasks.experiments(runs=100))
    frames = [one for one in events if one["type"] == "frame"]
    rules = [one for one in events if one["type"] == "rule"]
    assert len(frames) == 20
    stopped = [one["stopped"] for one in frames]
    assert stopped == sorted(stopped)
    assert len(ab_lab.paths_of(frames[:3], "peek_100", 0).data) == 62
    assert len(ab_lab.paths_of(frames, "msprt", 20).data) == 60
    planned = ab_lab.paths_of(frames[:3], "obrien_fleming", 0)
    assert len(planned.data) == 62
    assert min(planned.data[60].y) > 4  # the first of five bars, although the rest is not drawn yet
    red = sum(line.line.width == 1.4 for line in ab_lab.paths_of(frames, "peek_100", 0).data)
    assert red == len(frames[-1]["winners"]) > 0
    assert len(ab_lab.stopped_of(rules, 0).data[0].x) == 6
    assert "named a winner in" in ab_lab.finding(Seen(rules))
    assert "B is better" in ab_lab.finding(Seen(rules, {"lift": 10}))
    assert ab_lab.finding(Seen(frames)) == ""


@pytest.mark.parametrize(("correlation", "width"), [(0.0, 1.0), (0.7, 0.714), (0.9, 0.436)])
def test_an_interval_shrinks_by_what_the_past_explains(correlation: float, width: float) -> None:
    told = list(tasks.experiments(lift=10, runs=50, past=correlation))
    plain, adjusted = effects = [one for one in told if one["type"] == "effect"]
    found = adjusted["reach"] / plain["reach"]
    assert found == pytest.approx(width, abs=0.02)
    assert all(abs(one["lift"] - 10) < one["reach"] for one in effects)
    figure = ab_lab.effects_of(effects, 10)
    assert [bar.y[0] for bar in figure.data] == ["without CUPED", "with CUPED"]
    assert [bar.error_x.array[0] for bar in figure.data] == [one["reach"] for one in effects]
    said = ab_lab.cuped_says(effects, correlation)
    assert f"{found:.0%} of its width" in said
    assert ("nothing is gained" in said) == (correlation == 0)


@pytest.mark.parametrize(("percent", "low", "high"), [(50.0, 0, 3), (52.0, 90, 100)])
def test_a_split_that_is_off_is_refused(percent: float, low: int, high: int) -> None:
    split = list(tasks.experiments(runs=100, split=percent))[-1]
    assert (split["type"], split["users"], len(split["first"])) == ("split", 20_000, 100)
    assert low <= len(split["alarms"]) <= high
    passed, refused = ab_lab.split_of(split).data
    assert (len(passed.x), len(refused.x)) == (100 - len(split["alarms"]), len(split["alarms"]))
    assert all(abs(n - 10_000) > 232 for n in refused.x)  # 3.29 standard errors are p = 0.001
    assert all(abs(n - 10_000) <= 232 for n in passed.x)
    said = ab_lab.split_says(split, percent)
    assert f"refused {len(split['alarms'])} of 100" in said
    assert ("false alarm" in said) == (percent == 50)


def test_a_leak_is_told() -> None:
    score = {"type": "score", "leak": "time", "leaky": 0.98, "honest": -1.2}
    nulls = [{"type": "null", "side": side, "score": 0.5} for side in ("leaky", "honest")]
    assert "shows **0.98** where the truth is **-1.20**" in is_it_real.finding(Seen([score]))
    assert is_it_real.finding(Seen([])) == ""
    assert len(is_it_real.scores_of(score | {"leak": "selection"}).data) == 2
    assert len(is_it_real.nulls_of(nulls).data) == 2


def test_a_registry_is_told() -> None:
    steps: list[dict[str, Any]] = [
        {"type": "step", "what": "changed one byte", "production": 1, "refused": "no"},
        {"type": "step", "what": "rolled back", "production": 2},
    ]
    kill = {"type": "kill", "number": 1, "acknowledged": 3, "found": 4, "problems": 0}
    assert "1 writer was killed: **0**" in registry_tab.finding(Seen([*steps, kill]))
    assert "killed" not in registry_tab.finding(Seen(steps))
    assert registry_tab.finding(Seen(steps[:1])) == ""
    assert list(registry_tab.timeline_of(steps).data[0].y) == [1, 2]
    assert len(registry_tab.kills_of([kill]).data) == 2


def test_a_race_is_told() -> None:
    found = [
        {
            "type": "detector",
            "name": name,
            "alarm": alarm,
            "delay": 30.0,
            "early": 0.1,
            "run_length": length,
        }
        for name, alarm, length in (
            ("cusum", 240, 500.0),
            ("page_hinkley", None, 400.0),
            ("adwin", 320, None),
        )
    ]
    assert "after **30** values and cries for nothing once in 500 values" in drift_race.finding(
        Seen(found)
    )
    assert drift_race.finding(Seen(found[:2])) == ""
    assert len(drift_race.stream_of([0.1, 0.2], found).data) == 3
    assert drift_race.delays_of(found).data[0].text[2] == "no false alarm"


def test_serving_is_told() -> None:
    rollout = {"type": "rollout", "candidate": "fails", "requests": 900, "harmed": 1}
    rollout["steps"] = [[0, 1, "start"], [300, 0, "rolled back: errors"]]
    engines = [
        {"type": "engine", "name": name, "us": us}
        for name, us in (("sklearn", 3_000), ("ONNX", 20))
    ]
    said = serving_tab.finding(Seen([rollout, *engines]))
    assert "was rolled back at request 300; **1 answer**" in said
    assert "**150x** as fast" in said
    assert serving_tab.finding(Seen([rollout])) == ""
    assert len(serving_tab.rollout_of(rollout | {"candidate": "good"}).data[0].x) == 3
    assert len(serving_tab.engines_of(engines).data) == 1


@pytest.mark.parametrize(
    "task",
    [
        lambda: tasks.experiments(rule="magic"),
        lambda: tasks.experiments(runs=1),
        lambda: tasks.experiments(past=1.0),
        lambda: tasks.experiments(split=float("nan")),
        lambda: tasks.leaks(leak="magic"),
        lambda: tasks.registry(kills=99),
        lambda: tasks.race(change=0),
        lambda: tasks.serving(candidate="magic"),
    ],
)
def test_options_that_make_no_sense_are_refused(task: Callable[[], Iterator[Any]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        next(task())
