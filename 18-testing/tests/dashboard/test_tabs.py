"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_testing.dashboard import (
    flaky_lab,
    fragility,
    microscope,
    races,
    scoreboard,
    tasks,
)

Event = dict[str, Any]


def mutant(line: int, status: str, operator: str = "constant") -> Event:
    named = {"id": f"{line}{status}", "operator": operator, "before": "1", "after": "2<3"}
    return {"type": "mutant", "line": line, "status": status, **named}


MUTANTS = [
    {"type": "source", "source": "a = 1\nb = 1\n", "program": "pager"},
    mutant(1, "killed"),
    mutant(2, "survived"),
    mutant(2, "no coverage"),
    mutant(1, "equivalent"),
    {"type": "covered", "lines": [1, 2]},
]


def test_the_microscope_counts_survivors_and_marks_their_lines() -> None:
    seen = Seen(MUTANTS)

    assert microscope.score_of(seen) == pytest.approx(1 / 3)
    assert list(microscope.by_line(seen)) == [2]
    assert "score **33%**. On 1 line" in microscope.finding(seen)
    page = microscope.source_html("a = 1\nb = 1\n", microscope.by_line(seen), {1, 2})
    assert page.count("#c52666") == 1
    assert "2&lt;3" in page
    assert {trace.name for trace in microscope.figure_of(seen).data} == {
        "killed",
        "survived",
        "no coverage",
    }
    assert "No mutant lives" in microscope.finding(Seen([mutant(1, "killed")]))
    assert microscope.finding(Seen([])) == ""


def hunts() -> list[Event]:
    rows = [("property", "x-1", 1, "FOUND"), ("property", "x-1", 2, "MISSED")]
    rows += [("edge_table", "x-2", 1, "FOUND"), ("edge_table", "x-1", 1, "MISSED")]
    names = ("strategy", "bug", "seed", "outcome")
    return [
        {"type": "hunt", "kind": "state", "seconds": 0.1, **dict(zip(names, row, strict=True))}
        for row in rows
    ]


def test_the_scoreboard_says_what_is_found_together() -> None:
    seen = Seen(hunts())

    assert "**2 of 2**" in scoreboard.finding(seen)
    assert "With 1 bug it depends on the seed" in scoreboard.finding(seen)
    (heat,) = scoreboard.heat_map(seen).data
    assert [list(row) for row in heat.z] == [[0.5, None], [0.0, 1.0]]
    assert len(scoreboard.curves(scoreboard.board_of(seen)).data) == 2
    assert scoreboard.finding(Seen([])) == ""


def cell(style: str, kind: str, red: bool) -> Event:
    return {"type": "cell", "style": style, "kind": kind, "patch": "p", "red": red, "why": "w"}


def test_fragility_shows_what_is_wrong_and_not_what_is_red() -> None:
    styles = ("strict_mock", "fake_with_contract")
    cells = [cell(styles[0], "refactoring", True), cell(styles[0], "bug", False)]
    cells += [cell(styles[1], "refactoring", False), cell(styles[1], "bug", True)]
    seen = Seen(cells)

    assert "**1 false alarms and 1 missed bugs**" in fragility.finding(seen)
    assert "**0 and 0**" in fragility.finding(seen)
    for kind in ("refactoring", "bug"):
        assert [list(row) for row in fragility.grid(seen, kind).data[0].z] == [[1, 0]]


def test_a_race_is_found_by_a_schedule_and_the_reference_is_clean() -> None:
    bad, good = (list(tasks.interleavings(bug, 1)) for bug in ("async_pool-2", "none"))

    assert bad[-1]["error"].startswith("paid [80, 80]")
    assert "`replay(make, [0, 1, 1, 0])`" in races.finding(Seen(bad))
    assert "none fails" in races.finding(Seen(good))
    assert len(races.figure_of(Seen(bad)).data) == 2
    for bug in ("async_pool-1", "async_pool-3"):
        assert list(tasks.interleavings(bug, 2))[-1]["error"]


def test_reruns_follow_their_formula() -> None:
    rows = list(tasks.rerun(10, 100))

    said = flaky_lab.finding(Seen(rows, {"percent": 10}))
    assert "needs **29 reruns**" in said
    assert rows[-1]["theory"] > 0.99
    assert len(flaky_lab.figure_of(Seen(rows)).data) == 3


@pytest.mark.parametrize("polluter", [0, 4, 38])
def test_a_bisection_ends_with_the_polluter_alone(polluter: int) -> None:
    rows = flaky_lab.bisected(polluter)

    assert [*rows[0].values()] == ["nothing", "passes"]
    assert [*rows[1].values()] == ["test_00 to test_38", "fails"]
    assert {"before it": f"test_{polluter:02}", "test_39": "fails"} in rows
    assert len(rows) <= 9


def test_a_row_of_the_readers_own_joins_the_suite() -> None:
    row = "page([(1, 'a')], 1)[1] is None"

    def survivors(more: str) -> set[str]:
        events = list(tasks.mutate("pager", "happy path", more))
        return {one["id"] for one in events if one.get("status") == "survived"}

    assert survivors(row) < survivors("")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("__import__('os')", "no name of these"),
        ("page.__class__ == 1", "no Attribute"),
        ("[x for x in ()] == []", "no ListComp"),
        ("(", "no expression"),
        ("1", "A row is a comparison"),
    ],
)
def test_a_row_that_is_more_than_a_comparison_is_refused(row: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        tasks.checked(row)


def test_a_row_that_is_wrong_is_told() -> None:
    with pytest.raises(ValueError, match="red on the program as it is"):
        list(tasks.mutate("pager", "happy path", "page([], 1) == 7"))


@pytest.mark.parametrize(
    "task",
    [
        lambda: tasks.mutate("nothing"),
        lambda: tasks.hunt("pager", 0),
        lambda: tasks.interleavings("none", 9),
        lambda: tasks.rerun(0),
    ],
)
def test_options_out_of_range_are_refused(task: Any) -> None:
    with pytest.raises(ValueError, match=r"[Cc]hoose"):
        list(task())


def test_the_rarest_failure_of_the_slider_needs_no_patience() -> None:
    rows = list(tasks.rerun(1, 200))

    assert rows[0]["type"] == "plan"
    assert len(rows) == 2 * 299 + 1
    assert all(one["low"] <= one["theory"] <= one["high"] for one in rows[1:])
