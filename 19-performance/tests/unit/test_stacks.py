"""Collapsed stacks, their sums and differences, flame graphs, speedscope."""

from __future__ import annotations

import cProfile
import json
import pstats
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import pytest

from velvet_performance import flame, stacks
from velvet_performance.stacks import Stacks

TEXT = (
    "# made by hand\n"
    "// a comment, too\n"
    "java;start thread;run 3\r\n"
    "java;start thread;run 2\n"
    "perl;main::work [native] 1.5\n"
    "\n"
)
# What speedscope's published schema demands of a sampled profile.
SPEEDSCOPE = {
    "type": "object",
    "required": ["$schema", "profiles", "shared"],
    "properties": {
        "$schema": {"const": "https://www.speedscope.app/file-format-schema.json"},
        "name": {"type": "string"},
        "exporter": {"type": "string"},
        "shared": {
            "type": "object",
            "required": ["frames"],
            "properties": {
                "frames": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}},
                    },
                }
            },
        },
        "profiles": {
            "type": "array",
            "items": {
                "type": "object",
                "required": [
                    *("type", "name", "unit", "startValue", "endValue", "samples", "weights")
                ],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": "sampled"},
                    "name": {"type": "string"},
                    "unit": {
                        "enum": [
                            *("bytes", "microseconds", "milliseconds"),
                            *("nanoseconds", "none", "seconds"),
                        ]
                    },
                    "startValue": {"type": "number"},
                    "endValue": {"type": "number"},
                    "samples": {
                        "type": "array",
                        "items": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                    },
                    "weights": {"type": "array", "items": {"type": "number"}},
                },
            },
        },
    },
}


def test_collapsed_stacks_are_added_and_comments_counted() -> None:
    found = stacks.parse_collapsed(TEXT)

    assert dict(found) == {
        ("java", "start thread", "run"): 5.0,
        ("perl", "main::work [native]"): 1.5,
    }
    assert (found.total, found.skipped, len(found)) == (6.5, 2, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_bytes_are_read_whatever_wrote_them(encoding: str) -> None:
    assert dict(stacks.parse_collapsed("é;b 2\n".encode(encoding))) == {("é", "b"): 2.0}


@pytest.mark.parametrize(
    "line",
    ["main;work", "main -1", "main nan", "main inf", "a;;b 3", ";a 1", "7", "x" * 1_000_001 + " 1"],
    ids=lambda line: line[:12],
)
def test_a_line_that_is_no_stack_is_skipped_and_counted(line: str) -> None:
    text = f"good 1\n{line}\n"

    assert dict(stacks.parse_collapsed(text)) == {("good",): 1.0}
    assert stacks.parse_collapsed(text).skipped == 1


def test_binary_is_skipped() -> None:
    assert len(stacks.parse_collapsed(bytes(range(256)) * 4)) == 0


def test_what_lies_below_a_function_is_kept_and_threads_too() -> None:
    found = Stacks(
        {
            ("<module>", "main", "region (t.py:3)", "work"): 2.0,
            ("_bootstrap", "run", "job"): 1.0,
            ("<module>", "setup"): 9.0,
            ("region",): 0.5,
        }
    )

    assert dict(found.under("region")) == {("work",): 2.0, ("region",): 0.5}
    assert found.under("region", or_root="_bootstrap")[("run", "job")] == 1.0


def test_recursion_counts_once_in_totals() -> None:
    found = Stacks({("f", "g", "f"): 2.0, ("f",): 1.0})

    assert found.total_weights() == {"f": 3.0, "g": 2.0}
    assert found.self_weights() == {"f": 3.0}


def test_stacks_that_a_new_name_makes_equal_are_added() -> None:
    a = {("m", "x"): 2.0, ("m", "y"): 1.0}

    assert dict(Stacks(a).renamed(lambda _: "f")) == {("f", "f"): 3.0}


def test_a_call_graph_becomes_stacks_that_add_up() -> None:
    def leaf(n: int) -> int:
        return sum(range(n))

    def branch() -> int:
        return leaf(20_000) + leaf(10)

    profiler = cProfile.Profile()
    profiler.runcall(branch)
    stats = pstats.Stats(profiler)
    found = stacks.from_pstats(stats)
    own = sum(row[2] for row in stats.stats.values())  # type: ignore[attr-defined]

    assert found.total == pytest.approx(own, rel=1e-3)
    deepest = max(found, key=len)
    assert [stacks.name_of(frame) for frame in deepest[:2]] == ["branch", "leaf"]


def test_the_few_that_hold_most() -> None:
    assert stacks.pareto({"a": 50.0, "b": 30.0, "c": 20.0}) == (2 / 3, ["a", "b"])
    assert stacks.pareto({}) == (0.0, [])
    with pytest.raises(ValueError, match="cover is 0"):
        stacks.pareto({"a": 1.0}, 0)


def test_speedscope_opens_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    stacks.to_speedscope({("m", "x"): 2.0, ("m",): 1.5}, path, name="a run", unit="seconds")
    told = json.loads(path.read_text(encoding="utf-8"))

    jsonschema.validate(told, SPEEDSCOPE)
    (profile,) = told["profiles"]
    names = [frame["name"] for frame in told["shared"]["frames"]]
    assert [[names[n] for n in sample] for sample in profile["samples"]] == [["m"], ["m", "x"]]
    assert profile["endValue"] == sum(profile["weights"]) == 3.5


def test_homes_are_left_out_of_what_is_written(tmp_path: Path) -> None:
    frame = f"f ({Path.home()}/secret/a.py:1)"

    assert str(Path.home()) not in stacks.dump_collapsed({(frame,): 1.0})
    stacks.to_speedscope({(frame,): 1.0}, tmp_path / "o.json", name="x")
    assert str(Path.home()) not in (tmp_path / "o.json").read_text(encoding="utf-8")


def test_a_flame_graph_is_a_document_whose_boxes_fill_their_parents() -> None:
    found = Stacks({("main", "a<b>", "c"): 3.0, ("main", "d"): 1.0})
    drawn = flame.svg(found, title="one & two")
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    titles = [one.text for one in root.iter(f"{space}title")]

    assert len(list(root.iter(f"{space}rect"))) == 5  # all, main, a<b>, c, d
    assert "a<b>: 3 samples, 75.0%" in titles
    shown = [(one.text, one.get("x"), one.get("y")) for one in root.iter(f"{space}text")]
    assert shown == [
        ("one & two", "8", "15"),
        ("all", "3.00", "104"),
        ("main", "3.00", "85"),
        ("a<b>", "3.00", "66"),
        ("c", "3.00", "47"),
        ("d", "903.00", "66"),
    ]
    by_name = {box.name: box for box in flame.boxes(found)}
    assert by_name["d"].left == pytest.approx(0.75)
    assert by_name["a<b>"].width + by_name["d"].width == pytest.approx(by_name["main"].width)
    assert [box.name for box in flame.boxes(Stacks({("main",): 0.5}))] == ["all", "main"]
    with pytest.raises(ValueError, match="nothing was sampled"):
        flame.svg(Stacks(), title="")


def test_a_name_is_cut_to_its_box_and_left_out_of_a_narrow_one() -> None:
    found = Stacks({("m" * 300, "narrow"): 1.0, ("m" * 300,): 99.0})

    drawn = flame.svg(found, title="")
    root = ElementTree.fromstring(drawn)
    texts = [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]

    letters = int((flame.WIDTH_PX - 6) / flame.LETTER_PX)
    assert texts[1:] == ["all", "m" * (letters - 1) + "…"]
    assert drawn.count("<title>narrow: 1 samples, 1.0%</title>") == 1


def test_a_differential_graph_colours_own_time_only() -> None:
    before = Stacks({("main", "slow"): 8.0, ("main", "rest"): 2.0})
    after = Stacks({("main", "slow"): 1.0, ("main", "rest"): 2.0})
    moved = flame.changes(before, after)
    drawn = flame.svg(after, title="after", before=before)

    assert moved[("main", "slow")] == pytest.approx(1 / 3 - 0.8)
    assert ("main",) not in moved
    assert flame.changes({("old",): 2.0}, {("new",): 4.0}) == {("old",): -1, ("new",): 1}
    assert flame.changes({("old",): 2.0}, {}) == {("old",): -1}
    assert drawn.count(flame.LOST) == 1
    assert drawn.count(flame.GAINED) == 1
    assert drawn.count(flame.SAME) == 2  # all, main
    assert "own share -46.7 points" in drawn


def test_narrow_and_long_frames_are_cut_in_text() -> None:
    shown = flame.text(Stacks({("m" * 90,): 99.0, ("tiny",): 1.0}), width=60)

    assert "…" in shown
    assert "tiny" not in shown
    assert all(len(line) <= 60 for line in shown.splitlines())
