"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_devtools.dashboard import (
    defect_tab,
    health_tab,
    overhead,
    renames_tab,
    tasks,
    time_machine,
)


@pytest.fixture(scope="module")
def account() -> list[dict[str, Any]]:
    return list(tasks.travel("account", "account, another seed"))


def test_the_time_machine_knows_every_state_and_where_runs_part(
    account: list[dict[str, Any]],
) -> None:
    seen = Seen(account, {"program": "account"})
    steps, end = seen.of("step"), seen.of("end")[0]
    figure = time_machine.figure_of(steps, 3, end["parted"])

    assert end["parted"] > 0
    assert "stored change" in time_machine.finding(seen)
    assert {"balance", "change", "day"} <= {line.name for line in figure.data}
    assert time_machine.state_at(steps, len(steps) - 1)["return"] == steps[-1]["changes"]["return"]
    assert "▶" in time_machine.listing(seen.of("source"), steps[4])
    assert time_machine.finding(Seen(account[:5])) == ""


def test_a_program_that_raises_is_recorded_to_its_end() -> None:
    events = list(tasks.travel("exception", ""))

    assert any(one.get("kind") == "exception" for one in events)
    assert events[-1]["parted"] == -1


def test_the_matrix_tab_names_the_pair() -> None:
    rows = [
        {
            "type": "row", "name": f"{tool}:default", "tool": tool, "found": found, "alarms": [], "noise": 0,
            "seconds": 0.1, "status": "ok", "version": "1", "words": dict.fromkeys(found, "x"),
        }
        for tool, found in (("ruff", ["a", "b"]), ("ty", ["b", "c"]))
    ]  # fmt: skip
    corpus = [{"stem": stem, "kind": "k", "source": "", "line": 1} for stem in "abc"]

    assert "ruff:default with ty:default finds 3" in defect_tab.finding(Seen(rows))
    assert "69 are found by no tool" in defect_tab.finding(Seen(rows))
    cells = defect_tab.figure_of(rows, corpus).data[0].z
    assert [list(row) for row in cells] == [[2], [2]]
    assert defect_tab.finding(Seen(rows[:1])) == ""
    absent = {**rows[0], "name": "pyright:default", "found": [], "status": "not here"}
    assert list(defect_tab.figure_of([*rows, absent], corpus).data[0].y) == [
        "ruff:default",
        "ty:default",
    ]


def test_the_overhead_of_log_lines_is_told() -> None:
    seen = Seen(list(tasks.overhead("log lines")))

    assert "The most expensive is **" in overhead.finding(seen)
    assert overhead.figure_of(seen.of("time")).data[0].text[0] == "1.0x"
    assert overhead.finding(Seen()) == ""


def test_the_diff_marks_lost_comments() -> None:
    seen = Seen(list(tasks.renames("colorsys.py")))
    ways = {one["name"]: one for one in seen.of("way")}

    assert ways["libcst"]["wrong"] == 0
    assert ways["ast_unparse"]["comments"] == 0
    assert "background" in renames_tab.diff_of("x = 1  # why\n", "x = 1\n")
    assert "background" not in renames_tab.diff_of("x = 1  # why\n", "y = 1  # why\n")
    assert "LibCST loses nothing" in renames_tab.finding(seen)


def test_the_health_of_this_module_has_a_hottest_file() -> None:
    seen = Seen(list(tasks.health("23-devtools")))

    assert len(seen.of("check")) == 25
    spots = seen.of("spot")
    assert (health_tab.finding(seen) != "") == bool(spots)
    assert health_tab.figure_of(spots).data[0].mode == "markers+text"
