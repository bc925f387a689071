"""What the tabs draw and say about events that are made up, and what the tasks tell and refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_queues.dashboard import kill, lab, load, metrics, race, tasks
from velvet_queues.ledger import Entry


def told() -> list[Entry]:
    return [
        Entry("sent", "a", 0.0, 1),
        Entry("sent", "b", 0.1, 1),
        Entry("started", "a", 1.0, 7, "t1"),
        Entry("started", "b", 1.0, 7, "t2"),
        Entry("effect", "a", 1.5, 7, "t1"),
        Entry("finished", "a", 1.6, 7, "t1"),
        Entry("started", "b", 3.0, 9, "t1"),
        Entry("started", "canary-1", 3.0, 9, "t2"),
        Entry("finished", "b", 3.2, 9, "t1"),
    ]


def test_a_ledger_becomes_bars_and_counters() -> None:
    state = tasks.state(told(), 0.0) | {"struck": 2.0, "now": 4.0, "phase": "over"}

    assert [kill.kind_of(bar, state) for bar in state["bars"]] == [
        "done",
        "cut off",
        "started again",
    ]
    assert (state["sent"], state["finished"], state["missing"], state["twice"]) == (2, 2, 0, 1)
    figure = kill.figure_of(state)
    assert {trace.name for trace in figure.data} == {"done", "cut off", "started again"}
    assert kill.finding(Seen([state])).startswith("Nothing is lost of 2 tasks; 1 started twice")
    lost = state | {"missing": 3, "twice": 0}
    assert "**3 are lost** of 2 tasks; none started twice" in kill.finding(Seen([lost]))
    assert kill.finding(Seen([state | {"phase": "struck"}])) == ""


def test_the_lab_runs_the_task_until_a_lease_is_long_enough() -> None:
    short = Seen(options={"visibility": 20, "takes": 30, "heartbeat": False})
    beaten = Seen(options={"visibility": 20, "takes": 30, "heartbeat": True})
    enough = Seen(options={"visibility": 40, "takes": 30, "heartbeat": False})

    assert "**5 times**" in lab.finding(short)
    assert "dead" in lab.finding(short)
    assert (
        lab.finding(beaten)
        == lab.finding(enough)
        == ("The task ran once, and its message is gone.")
    )
    assert len(lab.figure_of(lab.story(20, 30), 20).data) == 2


def test_load_says_how_long_the_oldest_waited() -> None:
    events: list[dict[str, Any]] = [{"type": "capacity", "per_s": 90.0}]
    events += [
        {"type": "sample", "at": at, "depth": at * 10, "age": at / 2, "p95": 0.1} for at in range(4)
    ]
    seen = Seen(events, {"percent": 130})

    assert "does 90 tasks a second" in load.finding(seen)
    assert "**1.5 s**" in load.finding(seen)
    assert load.finding(Seen(events[:2])) == ""
    assert len(load.figure_of(seen.of("sample")).data) == 2
    assert list(load.depth_of(seen.of("sample")).data[0].y) == [0, 10, 20, 30]


def test_the_race_names_the_quickest() -> None:
    rows = [
        {"type": "raced", "queue": name, "enqueue": 10.0, "drain": drain, "boot": 1.0}
        | {"rss": 50.0, "processes": 1}
        for name, drain in (("a", 100.0), ("b", 25.0))
    ]

    assert race.finding(Seen(rows)).startswith("**a** drains 4.0x as fast as b.")
    assert race.finding(Seen(rows[:1])) == ""
    assert list(race.figure_of(rows).data[1].text) == ["25", "100"]


def test_metrics_say_which_alert_was_up() -> None:
    events = list(tasks.watched(100))[-1:]

    assert "dead tasks to look at" in metrics.finding(Seen(events))
    assert {trace.name for trace in metrics.figure_of(events).data} >= {"depth", "dead, in all"}
    quiet = [events[0] | {"alerts": []}]
    assert metrics.finding(Seen(quiet)).startswith("No alert")
    assert metrics.finding(Seen([])) == ""


def test_the_kill_is_told_live_and_ends() -> None:
    events = list(tasks.kill("lease on sqlite", "deploy"))

    assert events[0]["phase"] == "the worker starts"
    assert events[-1]["phase"] == "over"
    assert events[-1]["missing"] == 0
    assert kill.finding(Seen(events)).startswith("Nothing is lost of 24 tasks")


def test_a_task_that_kills_its_worker_is_the_one_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks.chaos, "POISON_S", 0.5)
    events = list(tasks.kill("lease on sqlite", "a task that kills its worker"))

    assert (events[-1]["finished"], events[-1]["missing"]) == (23, 1)
    assert kill.finding(Seen(events)).startswith("**1 is lost** of 24 tasks")


def test_a_queue_without_a_server_says_that_none_can_be_killed() -> None:
    with pytest.raises(ValueError, match="sqlite has no server"):
        list(tasks.kill("huey on sqlite", "kill the broker and start it again"))


def test_offered_load_is_told_while_it_runs() -> None:
    events = list(tasks.offered(100, 1))

    assert [one["type"] for one in events[:3]] == ["start", "capacity", "sample"]
    assert load.figure_of([one for one in events if one["type"] == "sample"]).data


@pytest.mark.parametrize(
    "ask",
    [
        lambda: tasks.kill("kafka"),
        lambda: tasks.kill("lease on sqlite", "earthquake"),
        lambda: tasks.offered(500),
        lambda: tasks.racing(1),
        lambda: tasks.watched(101),
    ],
)
def test_settings_out_of_range_are_refused_with_the_range(ask: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="choose"):
        next(ask())
