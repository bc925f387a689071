"""The explorer through Streamlit's own test harness: what it shows, runs, stops and refuses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("streamlit", reason='dashboards need: pip install "streamlit>=1.50" plotly')

from streamlit.testing.v1 import AppTest

pytestmark = pytest.mark.usefixtures("untraced")
HERE = Path(__file__).resolve().parents[2]
APP = HERE / "app.py"
TABS = ("Four faces", "Start-up", "Behaviour matrix", "Config and colour", "Progress lab")
BOUND_S = 60.0
KEY = "cli_explorer"


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)


@pytest.fixture(scope="module")
def _page() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=60).run()


def _inputs(page: AppTest) -> dict[str, Any]:
    names = ("text_input", "text_area", "segmented_control", "multiselect", "slider")
    return {one.key: one for name in (*names, "select_slider") for one in page.get(name)}


@pytest.fixture
def app(_page: AppTest) -> Iterator[AppTest]:
    """The page before any click: drawn once, and put back after each test that touched it."""
    before = {key: one.value for key, one in _inputs(_page).items()}
    yield _page
    session = _page.session_state[KEY]
    session.stop_all()
    changed = {key: one for key, one in _inputs(_page).items() if one.value != before[key]}
    for key, one in changed.items():
        one.set_value(before[key])
    if changed or session.jobs:
        session.jobs.clear()
        _page.run()


def _tab(app: AppTest, label: str) -> Any:
    return next(tab for tab in app.tabs if tab.label == label)


def _figures(tab: Any) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in tab.get("plotly_chart")]


def _said(tab: Any) -> str:
    return "\n".join(
        element.value for kind in (tab.markdown, tab.caption, tab.code) for element in kind
    )


def _run_until(app: AppTest, done: Callable[[], bool]) -> None:
    until = time.monotonic() + BOUND_S
    app.run()  # once while it is at work
    assert not app.exception
    while not done():
        assert time.monotonic() < until, "the page did not come to an end in time"
        time.sleep(0.05)


def test_the_page_loads_with_its_five_tabs_and_no_exception(app: AppTest) -> None:
    assert not app.exception
    assert app.title[0].value == "Command-line Explorer"
    assert tuple(tab.label for tab in app.tabs) == TABS
    assert "Installed here: argparse" in app.caption[-1].value


def test_every_tab_has_content_before_any_click(app: AppTest) -> None:
    faces, starts, matrix, layers, lab = (_tab(app, label) for label in TABS)

    assert "**argparse** &nbsp; exit 2" in _said(faces)
    assert len(_figures(starts)) == 4
    assert len(_figures(matrix)) == 1
    assert len(layers.dataframe) == 1
    assert len(_figures(lab)) == 2
    assert "stored figures of another machine" in _said(starts)


def test_the_matrix_has_a_row_for_each_of_the_26_rules(app: AppTest) -> None:
    axes = _figures(_tab(app, "Behaviour matrix"))[0]["layout"]

    assert len(axes["yaxis"]["ticktext"]) == 26
    assert all("of 26" in head for head in axes["xaxis"]["ticktext"])
    assert "The rule: " in _said(_tab(app, "Behaviour matrix"))


def test_the_hardened_programs_keep_every_rule(app: AppTest) -> None:
    app.segmented_control(key="cli_matrix_form").set_value("hardened").run()

    axes = _figures(_tab(app, "Behaviour matrix"))[0]["layout"]
    assert all(head.endswith("26 of 26") for head in axes["xaxis"]["ticktext"])
    assert not app.exception


def test_a_command_line_is_run_by_all_four(app: AppTest) -> None:
    app.text_input(key="cli_line").set_value("tasks rm 1 2")
    app.segmented_control(key="cli_form").set_value("hardened")
    app.button(key="cli_faces_start").click().run()
    session = app.session_state[KEY]

    _run_until(app, lambda: not session.running("faces"))
    app.run()

    said = _said(_tab(app, "Four faces"))
    assert said.count("understood `rm` with ids = [1, 2]") == said.count("exit 0") >= 3
    assert "measured on this machine just now" in said


def test_a_line_that_may_not_run_is_refused(app: AppTest) -> None:
    for line, said in (
        ("tasks import /etc/passwd", "names a path; only `tasks` itself is run here"),
        ("tasks add 'open", "the quote ' is not closed"),
    ):
        app.text_input(key="cli_line").set_value(line).run()

        assert any(said in box.value for box in app.error)
        assert app.button(key="cli_faces_start").disabled
    assert app.session_state[KEY].jobs == {}


def test_stop_ends_the_child_by_its_pid_and_keeps_what_it_told(app: AppTest) -> None:
    app.button(key="cli_laps_start").click().run()
    job = app.session_state[KEY].jobs["laps"]
    pid = job._process.pid
    _run_until(app, lambda: len(job.events) > 0)

    app.button(key="cli_laps_stop").click().run()

    assert not psutil.pid_exists(pid)
    assert "stopped" in _said(_tab(app, "Progress lab"))
    assert len(_figures(_tab(app, "Progress lab"))) == 2
    assert not app.exception


def test_a_race_of_chosen_bars_is_drawn(app: AppTest) -> None:
    app.multiselect(key="cli_bars").set_value(["throttled", "naive"])
    app.segmented_control(key="cli_places").set_value(["pipe"])
    app.select_slider(key="cli_items").set_value(1000)
    app.button(key="cli_laps_start").click().run()
    session = app.session_state[KEY]

    _run_until(app, lambda: not session.running("laps"))
    app.run()

    cost, written = _figures(_tab(app, "Progress lab"))
    bars = [trace["y"] for trace in cost["data"] if trace["y"]]
    assert bars == [["throttled", "naive"]]
    assert max(written["data"][-1]["x"]) > 10_000


def test_a_race_without_bars_is_refused(app: AppTest) -> None:
    app.multiselect(key="cli_bars").set_value([]).run()

    assert "Choose at least one bar and one place." in [box.value for box in app.error]
    assert app.button(key="cli_laps_start").disabled


def test_a_program_of_the_sliders_is_measured(app: AppTest) -> None:
    app.slider(key="cli_commands").set_value(1)
    app.slider(key="cli_import_ms").set_value(0)
    app.button(key="cli_lazily_start").click().run()
    session = app.session_state[KEY]

    _run_until(app, lambda: not session.running("lazily"))
    app.run()

    titles = [figure["layout"]["title"]["text"] for figure in _figures(_tab(app, "Start-up"))]
    assert "1 commands that import 0 ms each: CPU time, ms" in titles


def test_another_tree_is_shown_when_it_is_chosen(app: AppTest) -> None:
    app.segmented_control(key="cli_tree").set_value("click").run()

    titles = [figure["layout"]["title"]["text"] for figure in _figures(_tab(app, "Start-up"))]
    assert any(title.startswith("Imports of click: ") for title in titles)


def test_the_long_measurements_start_and_stop(app: AppTest) -> None:
    app.button(key="cli_starts_start").click().run()
    app.button(key="cli_cells_start").click().run()
    session = app.session_state[KEY]
    assert session.running("starts")
    assert session.running("cells")

    app.button(key="cli_starts_stop").click().run()
    app.button(key="cli_cells_stop").click().run()

    assert not session.running("starts")
    assert not session.running("cells")
    assert not app.exception


def test_editing_a_layer_changes_the_winner(app: AppTest) -> None:
    app.text_input(key="cli_env").set_value("TERM=xterm").run()

    table = _tab(app, "Config and colour").dataframe[0].value
    wins = table[(table["setting"] == "limit") & (table["wins"] == "✓")]
    assert list(wins["from"]) == ["project.toml:1"]


def test_a_mistake_in_a_layer_is_told_with_its_line(app: AppTest) -> None:
    app.text_area(key="cli_user").set_value("limt = 3").run()

    assert "user.toml:1: limt: unknown key (did you mean 'limit'?)" in [
        box.value for box in app.error
    ]
    assert not app.exception


def test_the_reason_of_the_colour_is_told(app: AppTest) -> None:
    for env, cli, said in (
        ("NO_COLOR=1 FORCE_COLOR=1", "", "decided by: NO_COLOR is set"),
        ("", "color=always", "decided by: --color=always"),
        ("FORCE_COLOR=3", "", "on a pipe: colour**, 16,777,216 colours"),
    ):
        app.text_input(key="cli_env").set_value(env)
        app.text_input(key="cli_cli").set_value(cli).run()

        assert said in _said(_tab(app, "Config and colour"))


def test_no_layer_at_all_leaves_every_default(app: AppTest) -> None:
    for name in ("project", "user", "system"):
        app.text_area(key=f"cli_{name}").set_value("")
    for name in ("env", "cli", "profile"):
        app.text_input(key=f"cli_{name}").set_value("")
    app.run()

    assert "every setting has its default" in _said(_tab(app, "Config and colour"))


def test_the_page_itself_starts_no_child() -> None:
    """Drawing must stay cheap: what is heavy waits for a button."""
    before = {child.pid for child in psutil.Process().children()}

    found = AppTest.from_file(str(APP), default_timeout=60).run()

    assert not found.exception
    assert {child.pid for child in psutil.Process().children()} <= before
