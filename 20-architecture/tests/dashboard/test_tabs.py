"""What the tabs draw and say about events that are made up, and what the tasks refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_architecture.dashboard import changes, crashes, layers, races, tasks, timeline


def test_the_time_machine_plays_a_script_and_names_what_is_refused() -> None:
    played = timeline.play(
        "receive 10; allocate 3; ship last; fly 7; receive 0; release 9; count 99", 2
    )
    assert [one["event"] for one in played.events] == [
        "BatchReceived",
        "Allocated",
        "Shipped",
        "BatchQuantityChanged",
    ]
    assert [one["free"] for one in played.events] == [10, 7, 7, 99]
    assert (played.model, played.behind) == (7, 2)
    assert len(played.refused) == 2
    assert "fly 7: it is no command" in played.refused
    assert timeline.sentence(played, 1) == (
        "At version 1, after **BatchReceived**, the free lamps were **10**; now they are 99. The "
        "read model says **7**: it is 2 events behind, so it answers from the past."
    )
    assert "up to date" in timeline.sentence(timeline.play("receive 1"), 1)
    assert timeline.play("").events == []
    hostile = timeline.play(f"receive 9; count {'9' * 30}; allocate <b>; ship \u0663; receive -1")
    assert [one["event"] for one in hostile.events] == ["BatchReceived"]
    assert len(hostile.refused) == 4
    assert len(timeline.figure_of(played.events, 1, 2).data) == 2


def test_layers_are_set_beside_a_commit() -> None:
    rungs = [
        {"type": "rung", "name": name, "ns": ns}
        for name, ns in (("middleware", 5e3), ("commit_normal", 5e4), ("commit_full", 5e6))
    ]
    assert "are **10%** of a commit" in layers.finding(Seen(rungs))
    assert "**100x**" in layers.finding(Seen(rungs))
    assert layers.finding(Seen(rungs[:2])) == ""
    shown = [len(layers.figure_of(rungs, beside).data[0].y) for beside in layers.CHOICES]
    assert shown == [1, 2, 3]


def test_a_race_is_told() -> None:
    def raced(name: str, sold: int) -> dict[str, Any]:
        return {"type": "race", "name": name, "units": 100, "sold": sold, "retries": 7}

    events: list[dict[str, Any]] = [
        raced("naive", 180),
        raced("hexagonal", 100),
        raced("event_sourced", 100),
    ]
    events += [
        {"type": "gap", "name": name, "rollbacks": r, "events": 200, "missed": missed}
        for name, missed in (("naive", 50), ("xid", 0))
        for r in (0.0, 0.05)
    ]
    assert "**180 of 100** lamps, the other two 100 and 100." in races.finding(Seen(events))
    assert "misses **25%**" in races.finding(Seen(events))
    assert races.finding(Seen(events[:3])) == ""
    assert len(races.sold_of(events[:3]).data) == 2
    assert list(races.missed_of(events[3:]).data[0].y) == [25.0, 0.0]


def test_crashes_are_told() -> None:
    kill = {"type": "kill", "number": 1, "acknowledged": 5, "stored": 5, "partial": 0, "lost": 0}
    told = [
        {"type": "delivered", "mode": mode, "kills": 3, "orders": 24, "lost": lost}
        | {"duplicate_sends": 2, "wrong_effects": 0}
        for mode, lost in (("direct", 1), ("outbox", 0), ("outbox_inbox", 0))
    ]
    said = crashes.finding(Seen([kill, *told]))
    assert said.startswith("**0** acknowledged")
    assert "loses **1** of 24 messages" in said
    assert crashes.finding(Seen([kill])) == ""
    assert len(crashes.kills_of([kill]).data) == 2
    assert list(crashes.torn_of([[1024, 3, True]]).data[0].x) == [1.0]


def test_changes_are_told() -> None:
    def change(name: str, step: str, files: int, old: int) -> dict[str, Any]:
        return {"type": "change", "architecture": name, "step": step, "files_touched": files} | {
            "lines_added": 9,
            "changed_in_old": old,
            "own_tests_broken": 0,
            "history_answer": name == "eventsourced",
        }

    events = [
        change(name, step, files, old)
        for name, files, old in (("naive", 1, 80), ("hexagonal", 4, 1), ("eventsourced", 3, 1))
        for step in ("c03", "c07", "c08")
    ]
    assert "**4 files** with layers and **1** without" in changes.finding(Seen(events))
    assert "**80 lines** of the script and **1**" in changes.finding(Seen(events))
    assert changes.finding(Seen(events)).endswith("is known to: eventsourced.")
    assert changes.finding(Seen(events[:4])) == ""
    assert [len(bars.x) for bars in changes.figure_of(events).data] == [3, 3, 3]


@pytest.mark.parametrize(
    "ask", [lambda: tasks.race(0), lambda: tasks.race(8, 99), lambda: tasks.crashes(0)]
)
def test_settings_out_of_range_are_refused_with_the_range(ask: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="choose"):
        next(ask())


def test_tasks_tell_events_that_their_tabs_understand() -> None:
    told = list(tasks.race(2, 0))
    assert told[0]["total"] == len(told) - 1
    assert races.finding(Seen(told)).startswith("The script sold")
    counted = [next(one) for one in [tasks.changes(), tasks.layers(), tasks.crashes()]]
    assert [one["type"] for one in counted] == ["plan"] * 3
    step = tasks.changes()
    assert [next(step)["type"], next(step)["architecture"]] == ["plan", "naive"]
