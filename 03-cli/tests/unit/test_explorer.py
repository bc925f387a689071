"""What the dashboard computes: command lines, starts, rules, layers, laps and stored events."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from velvet_cli import explorer
from velvet_cli.behaviours import BEHAVIOURS
from velvet_cli.explorer.child import TASKS, argv_for, tell
from velvet_cli.explorer.faces import CAP_S, faces, words_of
from velvet_cli.explorer.laps import laps
from velvet_cli.explorer.layers import SAMPLE_CLI, SAMPLE_ENV, SAMPLES, colour, explain, pairs
from velvet_cli.explorer.recorded import installed, read_events, versions
from velvet_cli.explorer.rules import Cell, _portable, cells, columns, read_cells, rule_of
from velvet_cli.explorer.starts import MODES, boxes, lazily, starts
from velvet_cli.frontends import Frontend, frontends
from velvet_cli.probe import Node

STORED = Path(__file__).resolve().parents[2] / "samples"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tasks add 'a b' --tag=c", ["add", "a b", "--tag=c"]),
        ("list", ["list"]),
        ("", []),
        ("tasks", []),
        ("tasks tasks", ["tasks"]),
    ],
)
def test_a_line_becomes_the_words_of_tasks(line: str, words: list[str]) -> None:
    assert words_of(line) == words


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("tasks --store=/etc/passwd list", "names a path"),
        ("tasks import ../x", "names a path"),
        ("tasks import ~root", "names a path"),
        (r"tasks import 'a\b'", "names a path"),
        ("tasks add 'open", "the quote ' is not closed"),
        ("x" * 301, "at most 300 letters, not 301"),
    ],
)
def test_what_could_reach_beyond_the_empty_folder_is_refused(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        words_of(line)


def test_every_front_end_shows_its_face() -> None:
    found = {event["name"]: event for event in faces("tasks add x -p 9", hardened=False)}

    assert list(found) == [front.name for front in frontends()]
    for event in found.values():
        # Cyclopts 4 ends usage errors with 1.
        assert event["exit"] in (1, 2)
        assert event["refused"]
        assert "9" in event["err"] or "5" in event["err"]


def test_a_face_says_what_was_understood() -> None:
    event = next(iter(faces("tasks rm 1 2", hardened=True)))

    assert (event["command"], event["values"], event["exit"]) == ("rm", {"ids": [1, 2]}, 0)
    helped = next(iter(faces("tasks --help", hardened=True)))
    assert "no command was called" in helped["refused"]
    assert "import" in helped["out"]


def test_a_face_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velvet_cli.explorer.faces.CAP_S", 0.05)

    event = next(iter(faces("tasks work 30", hardened=True)))

    assert (event["exit"], event["cpu_ms"]) == (None, 0.0)
    assert "ended at its cap of 0.05 s" in event["err"]
    assert CAP_S == 5.0


def test_a_start_is_measured_with_and_without_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velvet_cli.explorer.starts.frontends", lambda: [Frontend("argparse")])
    monkeypatch.setattr("velvet_cli.explorer.starts.RUNS", 1)

    start, tree = starts()

    assert start["name"] == tree["name"] == "argparse"
    assert start["modules"] > 50
    if sys.platform != "win32":
        assert start["uncompiled_ms"] > start["cpu_ms"]
    assert any(label == "argparse" for _, _, label, _ in tree["boxes"])


def test_a_traceback_names_no_folder_of_this_machine() -> None:
    here = Path(explorer.__file__).resolve()
    text = f'File "{here}", line 1\n  File "{Path(sys.prefix) / "lib" / "y.py"}"'

    shown = _portable(text)

    assert shown.endswith(f'  File "lib{os.sep}y.py"')
    assert shown.startswith(f'File "velvet_cli{os.sep}explorer{os.sep}')


def test_small_imports_are_part_of_their_importer() -> None:
    tree = Node("top", 0.0, 9.0, (Node("a.b", 3.0, 8.0, (Node("tiny", 0.1, 0.1),)),))

    assert boxes(tree) == [["top", "", "top", 9.0], ["top>a.b", "top", "b", 8.0]]


def test_a_lazily_loaded_program_is_measured_in_three_ways() -> None:
    events = list(lazily(2, 0))

    assert [(event["mode"], event["words"]) for event in events] == [
        (mode, words) for mode in MODES for words in ("c0", "--help")
    ]
    loaded = {(event["mode"], event["words"]): event["modules"] for event in events}
    # Eager has imported the second command too; the manifest neither of them for help.
    assert loaded["eager", "c0"] > loaded["lazy", "c0"] - 5
    assert loaded["manifest", "--help"] < loaded["lazy", "--help"]


@pytest.mark.parametrize(("commands", "cost"), [(0, 0), (13, 0), (1, -1), (1, 101)])
def test_a_program_beyond_the_sliders_is_refused(commands: int, cost: int) -> None:
    with pytest.raises(ValueError, match=r"must be \d+ to \d+, not"):
        next(lazily(commands, cost))


def test_cells_are_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velvet_cli.explorer.rules.BEHAVIOURS", BEHAVIOURS[6:7])

    events = list(cells("hardened"))

    found = read_cells(events, "hardened")
    assert columns(found) == [(front.name, 1) for front in frontends()]
    assert found["argparse", "help"].state == "kept"
    assert "tasks --help" in found["argparse", "help"].transcript
    assert read_cells(events, "raw") == {}


def test_rules_and_forms_are_known_by_name() -> None:
    assert "--help on stdout" in rule_of("help")
    with pytest.raises(KeyError):
        rule_of("nonsense")
    with pytest.raises(ValueError, match="raw, hardened, not 'soft'"):
        next(cells("soft"))
    assert columns({("click", "help"): Cell("broken"), ("click", "x"): Cell("kept")}) == [
        ("click", 1)
    ]


def test_the_samples_explain_themselves() -> None:
    found = explain(SAMPLES, env=SAMPLE_ENV, cli=SAMPLE_CLI, profile="work")

    assert found.problem == ""
    assert found.values["limit"] == "7"
    assert found.values["tags"] == "[home, garden]"
    assert [(row.layer, row.source) for row in found.rows["order"]][:2] == [
        ("profile work in project", "project.toml:5"),
        ("user", "user.toml:2"),
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"texts": {"project": "limit ="}}, "project.toml:1: limit: no valid TOML"),
        ({"texts": {"user": "limt = 3"}}, "user.toml:1: limt: unknown key (did you mean 'limit'?)"),
        ({"env": "TASKS_LIMIT=x"}, "TASKS_LIMIT: must be a whole number, not 'x'"),
        ({"env": "oops"}, "write NAME=value, not 'oops'"),
        ({"env": "=3"}, "write NAME=value, not '=3'"),
        ({"cli": "limit=x"}, "must be a whole number, not 'x'"),
        ({"cli": "limt=3"}, "limt: no such setting (did you mean 'limit'?)"),
        ({"profile": "none"}, "profile: no profile 'none'"),
        ({"texts": {"project": "#" * 4001}}, "a layer has at most 4000 letters"),
    ],
)
def test_a_mistake_in_a_layer_is_shown_as_the_tool_would(
    options: dict[str, Any], problem: str
) -> None:
    found = explain(options.pop("texts", {}), **options)

    assert found.problem.startswith(problem)
    assert found.rows == {}


def test_colour_is_decided_for_a_typed_environment() -> None:
    assert colour("auto", "TERM=xterm", terminal=True).enabled
    assert colour("auto", "", terminal=False).reason == "not a terminal"
    assert colour("auto", "NO_COLOR=1 FORCE_COLOR=1", terminal=True).reason == "NO_COLOR is set"
    assert pairs("A=1 B='x y' C=") == {"A": "1", "B": "x y", "C": ""}


def test_laps_are_run_and_slow_bars_run_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velvet_cli.explorer.laps.SLOW", {"naive": 100})

    found = list(laps(["throttled", "naive"], ["pipe"], 1000))

    assert [(event["bar"], event["items"]) for event in found] == [
        ("throttled", 1000),
        ("naive", 100),
    ]
    with pytest.raises(ValueError, match="items must be 1,000 to 2,000,000, not 5"):
        next(laps([], [], 5))


def test_a_child_tells_its_events_as_lines() -> None:
    sink = io.StringIO()

    tell(json.dumps(["laps", {"bars": ["null"], "places": ["pipe"], "items": 1000}]), sink)

    assert json.loads(sink.getvalue())["bar"] == "null"
    assert argv_for("cells", form="raw")[1] == "velvet_cli.explorer.child"
    with pytest.raises(ValueError, match="no task 'dance'; known are faces"):
        argv_for("dance")


def test_stored_events_are_read_and_their_mistakes_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n[2]\n', encoding="utf-8")

    assert read_events(tmp_path / "missing.jsonl") == []
    with pytest.raises(ValueError, match=r"x\.jsonl:2 is no event"):
        read_events(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.jsonl:1 is no event"):
        read_events(path)


def test_events_of_missing_front_ends_are_left_out() -> None:
    events: Iterable[Mapping[str, Any]] = [{"name": "argparse"}, {"name": "docopt"}, {"bar": "x"}]

    assert installed(events) == [{"name": "argparse"}, {"bar": "x"}]
    assert versions().startswith("argparse {}.{}".format(*sys.version_info[:2]))


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_stored_events(task: str) -> None:
    events = read_events(STORED / f"{task}.jsonl")

    assert events
    text = (STORED / f"{task}.jsonl").read_text(encoding="utf-8")
    assert not re.search(r"/(tmp|home|root|work|usr|opt)/", text)
