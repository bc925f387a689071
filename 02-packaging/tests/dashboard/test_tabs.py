"""What the tabs compute and say; that they draw is asked by tests/test_module.py."""

from __future__ import annotations

from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_packaging.dashboard import bench, repro_lab, tasks, version_tab, wire, xray
from velvet_packaging.samples import hostile
from velvet_packaging.zipaudit import scan


@pytest.mark.parametrize("task", [tasks.backends(modules=0), tasks.backends(target="rpm"),
                                  tasks.lab("distutils"), tasks.wire("typo")])  # fmt: skip
def test_options_outside_their_range_are_refused(task: Any) -> None:
    with pytest.raises(ValueError, match="choose"):
        list(task)


@pytest.mark.parametrize(
    ("mistake", "status"),
    [("none", 200), ("duplicate", 400), ("bad digest", 400), ("wrong password", 403),
     ("hostile wheel", 400), ("yank", 0)],
)  # fmt: skip
def test_each_mistake_has_its_answer(mistake: str, status: int) -> None:
    events = list(tasks.wire(mistake))
    answers = [one for one in events if one["type"] == "answer"]
    posted = [one for one in answers if "GET" not in one["step"]]

    assert posted[-1]["status"] == status
    assert "sha256_digest" in events[1]["text"]
    visible = answers[-1]["status"] == 200
    assert visible == (mistake in ("none", "duplicate", "yank"))
    said = wire.finding(Seen(events))
    assert said.startswith(f"**{status or 'yanked'}**")
    assert ("sees the file" in said) == visible
    assert wire.finding(Seen(events[:2])) == ""


def test_the_map_holds_every_byte_and_marks_the_flipped_one() -> None:
    raw = hostile.clean()
    figure = xray.figure_of(scan(raw), 7)

    assert sum(trace.x[0] for trace in figure.data) == len(raw)
    assert figure.layout.shapes[0].x0 == 7


@pytest.mark.parametrize("name", hostile.MAKERS)
def test_a_hostile_sample_is_noticed(name: str) -> None:
    said = xray.finding(Seen(wanted={"sample": name, "flip": False, "at": 0}))

    assert "noticed by no check" not in said


def test_a_wheel_of_the_readers_own_is_read_under_its_name_alone() -> None:
    for name in (f"../../{hostile.FILENAME}", f"..\\{hostile.FILENAME}"):
        assert xray.checks(name, hostile.clean())[0].findings == ()


def test_entries_beyond_the_table_are_counted() -> None:
    more = {f"velvet_demo/m{number}.py": b"x" for number in range(20)}
    rows = list(xray.tree(scan(hostile.pack({**hostile.contents(), **more}))))

    assert len(rows) == xray.SHOWN + 1
    assert rows[-1]["entry"] == "13 more"


def test_a_flipped_byte_is_placed_and_noticed() -> None:
    start = next(one for one in scan(hostile.clean()).regions if one.kind == "data").start
    wanted = {"sample": "clean", "flip": True, "at": start + 3}

    assert "lies in the data of `velvet_demo/__init__.py`" in xray.finding(Seen(wanted=wanted))
    clean = xray.finding(Seen(wanted={**wanted, "flip": False}))
    assert clean == "clean: **noticed by no check**."
    assert xray.where(scan(hostile.clean()), 10**9) is None


def test_the_race_names_who_lost_the_data() -> None:
    rows = [
        {"name": "a", "version": "1", "seconds": 0.1, "kb": 1.0, "data": True, "tests": False},
        {"name": "b", "version": "1", "seconds": 0.4, "kb": 1.0, "data": False, "tests": True},
    ]
    events = [{"type": "built", **row} for row in rows]

    assert "a is **4.0x** faster than b; b left the data file out" in bench.finding(Seen(events))
    assert "all kept it" in bench.finding(Seen([events[0], {**events[1], "data": True}]))
    assert bench.finding(Seen(events[:1])) == ""
    assert list(bench.figure_of(events).data[0].x) == [0.4, 0.1]
    assert bench.rows_of(events)[1]["data file"] == "left out"


def test_the_lab_counts_equal_pairs() -> None:
    cell = {"type": "cell", "axis": "mtime", "equal": False, "normalized": True, "difference": "d"}

    said = repro_lab.finding(Seen([cell], options={"backend": "flit_core"}))
    assert said.startswith("flit_core: **0 of 1** pairs are equal as built, **1** after")
    assert repro_lab.figure_of([cell]).data[0].text[0][0] == "differs"
    assert repro_lab.finding(Seen([])) == ""


def test_versions_are_sorted_and_mistakes_are_told() -> None:
    wanted = {"texts": "2.0 1.0 1.5rc1", "specifier": ">=1.0"}
    order, rows, problem = version_tab.sorted_rows(**wanted)

    assert (order, problem) == (["1.0", "1.5rc1", "2.0"], "")
    assert "2 of 3 match >=1.0; the newest that it takes is **2.0**" in version_tab.finding(
        Seen(wanted=wanted)
    )
    assert "**none**" in version_tab.finding(Seen(wanted={**wanted, "specifier": ">9"}))
    assert "no version" in version_tab.sorted_rows("x!", ">=1")[2]
    assert version_tab.finding(Seen(wanted={**wanted, "specifier": "?"})) == ""
    assert len(version_tab.figure_of(order, rows, ">=1.0").data[0].x) == 3
