"""What the children of the explorer compute: command lines, starts, rules, laps, and their refusals."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason='dashboards need: pip install "streamlit>=1.55" plotly')

from velvet_cli import contenders
from velvet_cli.comparisons.behaviours import BEHAVIOURS
from velvet_cli.comparisons.probe import Node
from velvet_cli.comparisons.startup import MODES
from velvet_cli.dashboard import PAGE, tasks


@pytest.fixture(autouse=True)
def _argparse_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "installed", lambda: ["argparse"])


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
    assert tasks.words_of(line) == words


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("tasks --store=/etc/passwd list", "names a path"),
        ("tasks import ../x", "names a path"),
        ("tasks import ~root", "names a path"),
        (r"tasks import 'a\b'", "names a path"),
        ("tasks add 'open", "A quote in the line is not closed"),
        ("x" * 301, "at most 300 letters, not 301"),
    ],
)
def test_what_could_reach_beyond_the_empty_folder_is_refused(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        next(tasks.faces(line))


@pytest.mark.parametrize(
    ("line", "hardened", "name", "code", "called"),
    [
        # An abbreviation is understood by bare argparse, and by nothing else.
        ("tasks list --form json", False, "argparse", 0, ["list", {"format": "json"}]),
        ("tasks list --form json", True, "argparse", 2, None),
        # A negative number is no option, except in bare Click.
        ("tasks done -5", False, "click", 2, None),
        ("tasks done -5", True, "click", 1, ["done", {"id": -5}]),
        ("tasks rm 1 2", True, "typer", 0, ["rm", {"ids": [1, 2]}]),
        ("tasks --help", False, "typer", 0, None),
    ],
)
def test_a_face_tells_what_the_program_really_called(
    line: str, hardened: bool, name: str, code: int, called: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contenders, "installed", lambda: [name])

    plan, face = tasks.faces(line, hardened)

    assert plan == {"type": "plan", "total": 1}
    assert (face["name"], face["exit"], face["called"]) == (name, code, called)
    assert face["out"] or face["err"]


def test_a_face_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CAP_S", 0.05)

    _, face = tasks.faces("tasks work 30", hardened=True)

    assert (face["exit"], face["err"]) == (None, "ended at its cap of 0.05 s")


def test_a_start_is_measured_with_and_without_bytecode() -> None:
    plan, start, tree = tasks.starts(1)

    assert plan["total"] == 2
    assert start["name"] == tree["name"] == "argparse"
    assert start["modules"] > 50
    if sys.platform != "win32":
        assert start["uncompiled_ms"] > start["cpu_ms"]
    assert any(label == "argparse" for _, _, label, _ in tree["boxes"])


def test_a_traceback_names_no_folder_of_this_machine() -> None:
    here = Path(tasks.__file__).resolve()
    text = f'File "{here}", line 1\n  File "{Path(sys.prefix) / "lib" / "y.py"}"'

    shown = tasks.portable(text)

    assert shown.endswith(f'  File "lib{os.sep}y.py"')
    assert shown.startswith(f'File "velvet_cli{os.sep}dashboard{os.sep}')


def test_small_imports_are_part_of_their_importer() -> None:
    tree = Node("top", 0.0, 9.0, (Node("a.b", 3.0, 8.0, (Node("tiny", 0.1, 0.1),)),))

    assert tasks.boxes(tree) == [["top", "", "top", 9.0], ["top>a.b", "top", "b", 8.0]]


def test_a_lazily_loaded_program_is_measured_in_three_ways() -> None:
    _, *events = tasks.lazily(2, 0)

    loaded = {(event["mode"], event["words"]): event["modules"] for event in events}
    assert list(loaded) == [(mode, words) for mode in MODES for words in ("c0", "--help")]
    # Eager has imported the second command too; the manifest neither of them for help.
    assert loaded["eager", "c0"] > loaded["lazy", "c0"] - 5
    assert loaded["manifest", "--help"] < loaded["lazy", "--help"]


@pytest.mark.parametrize(("commands", "cost"), [(0, 0), (13, 0), (1, -1), (1, 101)])
def test_a_program_beyond_the_sliders_is_refused(commands: int, cost: int) -> None:
    with pytest.raises(ValueError, match=r"must be \d+ to \d+, not"):
        next(tasks.lazily(commands, cost))


def test_cells_are_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BEHAVIOURS", BEHAVIOURS[6:7])

    _, cell = tasks.cells("hardened")

    assert (cell["name"], cell["id"], cell["passed"]) == ("argparse", "help", True)
    assert "tasks --help" in cell["transcript"]
    with pytest.raises(ValueError, match="raw or hardened, not soft"):
        next(tasks.cells("soft"))


def test_laps_are_run_and_slow_bars_run_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SLOW", {"naive": 100})

    _, *found = tasks.laps(["throttled", "naive"], ["pipe"], 1000)

    assert [(one["bar"], one["items"]) for one in found] == [("throttled", 1000), ("naive", 100)]
    with pytest.raises(ValueError, match="at least one bar and one place"):
        next(tasks.laps([], ["pipe"]))


@pytest.mark.parametrize("tab", [tab for tab in PAGE.tabs if tab.job], ids=lambda tab: tab.slug)
def test_a_recorded_run_names_no_machine(tab: Any) -> None:
    text = tab.job.recorded_path.read_text(encoding="utf-8")

    assert '"type": "run"' in text.partition("\n")[0]
    assert not re.search(r"/(tmp|home|root|work|usr|opt)/", text)
