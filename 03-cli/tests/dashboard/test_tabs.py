"""What each tab says and draws of a recorded run, and what its controls change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason='dashboards need: pip install "streamlit>=1.55" plotly')

from streamlit.testing.v1 import AppTest

from velvet.ui import kit, runs
from velvet_cli.dashboard import PAGE, faces, layers, lazily, matrix, progress, starts

HERE = Path(__file__).resolve().parents[2]
Open = Callable[[str], AppTest]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the page at a tab, as a visitor to whom nothing is known yet."""
    monkeypatch.chdir(HERE)
    monkeypatch.setattr(runs, "store", lambda: None)
    monkeypatch.setattr(runs, "_jobs", {})

    def open_(tab: str) -> AppTest:
        app = AppTest.from_file(str(HERE / "app.py"), default_timeout=60)
        app.session_state[kit.TAB_KEY] = tab
        return app.run()

    return open_


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.code, app.warning)
    return "\n".join(one.value for kind in kinds for one in kind)


@pytest.mark.parametrize(
    ("tab", "says"),
    [
        (faces.TAB, "1 of 4 call a command, with 2 exit codes (0, 2)"),
        (starts.TAB, "A start of **typer** costs "),
        (lazily.TAB, "Loaded when called, a command starts **"),
        (matrix.TAB, "In its raw form argparse keeps 13 of 26"),
        (progress.TAB, "On a terminal **click** costs "),
    ],
    ids=lambda value: getattr(value, "slug", ""),
)
def test_a_recorded_run_is_drawn_and_put_into_a_sentence(
    tab: kit.Tab, says: str, opened: Open
) -> None:
    assert tab.finding is not None
    assert tab.finding(kit.Seen()) == ""

    app = opened(tab.name)

    assert not app.exception
    assert says in said(app)
    assert "Reference machine: " in said(app)
    assert app.get("plotly_chart") or app.get("table")


def test_memory_and_modules_never_share_an_axis(opened: Open) -> None:
    specs = [json.loads(one.proto.spec) for one in opened("Start-up").get("plotly_chart")]

    titles = [spec["layout"]["xaxis"].get("title", {}).get("text") for spec in specs[:3]]
    assert titles == ["ms", "MB", "modules"]


def test_a_line_of_the_visitors_own_is_refused_where_it_names_a_path(opened: Open) -> None:
    app = opened("Four faces")
    app.button_group(key="four-faces-line").set_value(faces.OWN).run()
    app.text_input(key="four-faces-your-line").set_value("tasks import /etc/passwd").run()

    assert "names a path; only `tasks` itself is run here." in said(app)
    assert app.button(key="four-faces-start").disabled


def test_another_cell_and_another_tree_are_shown_when_they_are_chosen(opened: Open) -> None:
    app = opened("Behaviour matrix")
    app.button_group(key="behaviour-matrix-program").set_value("click")
    app.selectbox(key="behaviour-matrix-rule").set_value("negative-number").run()
    assert "**click**, a negative number" in said(app)
    assert "$ tasks done -5" in said(app)

    app = opened("Start-up")
    app.button_group(key="start-up-imports-of").set_value("click").run()
    assert any("Imports of click: " in one.proto.body for one in app.get("html"))


def test_editing_a_layer_changes_the_winner_and_a_mistake_has_its_line(opened: Open) -> None:
    app = opened("Config and colour")
    assert "**limit** is 7 because the layer `env` (TASKS_LIMIT)" in said(app)

    app.text_input(key="config-and-colour-environment").set_value("NO_COLOR=1 FORCE_COLOR=1").run()
    assert "is nearer than" in said(app)
    assert said(app).count("decided by: NO_COLOR is set") == 2

    app.text_area(key="config-and-colour-user").set_value("limt = 3").run()
    assert "user.toml:1: limt: unknown key (did you mean 'limit'?)" in said(app)


def test_a_race_without_bars_or_places_is_refused() -> None:
    assert progress.problem({"bars": [], "places": ["pipe"]}) == "Choose at least one bar."
    assert "choose the pipe" in progress.problem({"bars": ["tqdm"], "places": []})
    assert progress.problem({"bars": ["tqdm"], "places": ["pipe"]}) == ""


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"env": "TASKS_LIMIT=x"}, "TASKS_LIMIT: must be a whole number, not 'x'"),
        ({"env": "oops"}, "write NAME=value, not 'oops'"),
        ({"env": "=3"}, "write NAME=value, not '=3'"),
        ({"cli": "limit=x"}, "must be a whole number, not 'x'"),
        ({"cli": "limt=3"}, r"limt: no such setting \(did you mean 'limit'\?\)"),
        ({"profile": "none"}, "profile: no profile 'none'"),
    ],
)
def test_a_mistake_in_a_layer_is_shown_as_the_tool_would(
    changed: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        layers.loaded(**{"texts": layers.FILES, "env": "", "cli": "", "profile": "", **changed})


def test_each_tab_has_everything_that_a_lesson_needs() -> None:
    names = [tab.name for tab in PAGE.tabs]

    assert names == [
        *("Four faces", "Start-up", "Lazy loading", "Behaviour matrix"),
        *("Config and colour", "Progress lab"),
    ]
    for tab in PAGE.tabs:
        assert all((tab.question, tab.tip, tab.controls, tab.finding, tab.code, tab.command))
        assert tab.next_step in [*names, "Live Benchmarks"]
