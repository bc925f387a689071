"""Each tab says what its figure shows; the timeline compares the same thing in both models."""

from __future__ import annotations

from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet.ui.palette import KIND_COLOURS
from velvet_concurrency.dashboard import breaker, heat, limiters, memory, overload, tasks, timeline
from velvet_concurrency.samples import jobs as workload

SETTINGS = {"tasks": 12, "latency_ms": 20, "cpu_ms": 2, "limit": 4}


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return list(tasks.timeline("threads", "asyncio", **SETTINGS))


def test_both_models_keep_the_limit_and_show_every_job(events: list[dict[str, Any]]) -> None:
    found = timeline.by_model(Seen(events))

    assert list(found) == ["threads", "asyncio"]
    for head, jobs in found.values():
        _, levels = timeline.steps(jobs)
        assert (head["limit"], len(jobs), max(levels)) == (4, 12, 4)
        assert {place for place, _ in timeline.in_places(jobs)} == {0, 1, 2, 3}
        waiting = max(timeline.steps(jobs, waiting=True)[1])
        # A loop takes every first step before any reply; threads are asked one after the other.
        assert waiting == 8 if head["model"] == "asyncio" else 1 <= waiting <= 8
        assert all("wait" in [part[0] for part in job["parts"]] for job in jobs)


def test_waiting_for_a_permit_and_for_a_worker_is_one_kind(events: list[dict[str, Any]]) -> None:
    for _, jobs in timeline.by_model(Seen(events)).values():
        spans = timeline.spans_of(jobs)

        assert {span.kind for span in spans if span.lane == "queue"} == {"queue"}
        assert '"ph": "X"' in timeline.trace_of(jobs)
    figure = timeline.waits(timeline.by_model(Seen(events)), 1.0)
    assert [trace.name for trace in figure.data] == ["threads", "asyncio"]
    assert {trace.line.color for trace in figure.data} == {KIND_COLOURS["queue"][1]}


def test_the_replay_is_the_browsers_own(events: list[dict[str, Any]]) -> None:
    figure = timeline.flights(timeline.by_model(Seen(events)), 1.0)

    assert len(figure.frames) == timeline.FRAMES
    assert figure.layout.updatemenus[0].buttons[0].label == "Replay"
    assert all(len(frame.data) == 2 for frame in figure.frames)


def test_the_timeline_says_what_differs(events: list[dict[str, Any]]) -> None:
    sentence = timeline.finding(Seen(events))

    assert "**threads**" in sentence
    assert "**asyncio**" in sentence
    assert sentence.count("at most 4 in flight") == 2
    assert timeline.finding(Seen([])) == ""


@pytest.mark.parametrize("model", ["serial", "processes"])
def test_the_other_models_run_the_same_jobs(model: str) -> None:
    events = list(tasks.timeline(model, "nothing", **SETTINGS))

    [(head, jobs)] = timeline.by_model(Seen(events)).values()

    assert len(jobs) == 12
    assert head["limit"] == workload.places(model, 4)


def test_settings_that_would_take_minutes_are_refused_in_the_words_of_the_page() -> None:
    options: dict[str, Any] = {"model": "serial", "beside": "nothing", "limit": 1}
    options |= {"tasks": 500, "latency_ms": 500, "cpu_ms": 50}

    assert "serial would take about 275 s" in timeline.problem(options)
    with pytest.raises(ValueError, match="choose fewer tasks"):
        next(tasks.timeline(**options))


def test_the_busiest_cell_is_shown_before_any_click(events: list[dict[str, Any]]) -> None:
    grids = Seen(events).of("grid")

    assert [grid["model"] for grid in grids] == ["threads", "asyncio"]
    row, column = heat.chosen(None, grids[0])
    assert grids[0]["cells"][row][column] == max(max(cells) for cells in grids[0]["cells"])
    assert grids[1]["lanes"][0] == "loop lag"
    point = {"y": grids[1]["lanes"][1], "x": grids[1]["seconds"]}
    assert heat.chosen({"selection": {"points": [point]}}, grids[1]) == (1, tasks.BINS - 1)
    assert "of the time" in heat.finding(Seen(events))
    assert len(heat.busy(grids[0]).data) == 2


def test_memory_is_told_of_all_three_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "STEPS", (100, 300, 1_000))  # the naive limiter is quadratic
    for what, word in (("limiters", "naive list holds"), ("connections", "costs the server")):
        found = list(tasks.memory(what, 100))

        assert word in memory.finding(Seen(found))
    rss = [
        {"type": "rss", "model": model, "t": t, "rss_mb": 10.0 + t * k}
        for k, model in enumerate(("asyncio", "threads"), 1)
        for t in (0.0, 1.0)
    ]
    assert "threads 2.0 MB" in memory.finding(Seen(rss, {"number": 100}))
    assert memory.finding(Seen([])) == ""


def test_processes_in_which_tasks_wait_tell_their_memory() -> None:
    found = list(tasks.memory("waiting tasks", 50))

    assert {one["model"] for one in found if one["type"] == "rss"} == {"threads", "asyncio"}


def test_only_the_log_keeps_the_promise_under_attack() -> None:
    wanted: dict[str, Any] = {"pattern": limiters.EDGE, "limit": 20, "load": 2.0}

    sentence = limiters.finding(Seen(wanted=wanted))

    assert "fixed window" in sentence
    assert "sliding log" not in sentence
    assert len(limiters.worst(limiters.replays(**wanted), 20).data) == 2


def test_the_breaker_spares_and_loses() -> None:
    wanted = {"open_for": 5, "outage": 20, "rate": 0.5}

    assert "instead of 20" in breaker.finding(Seen(wanted=wanted))
    states = [state for state, _, _ in breaker.segments(breaker.story(**wanted))]
    assert states[0] == states[-1] == "closed"
    assert "open" in states


def test_an_endless_queue_answers_few_in_time() -> None:
    wanted = {"offered": 200, "deadline": 1.0}

    assert "Without a bound **4 %**" in overload.finding(Seen(wanted=wanted))
    assert set(overload.WORDS) == set(overload.POLICIES)
