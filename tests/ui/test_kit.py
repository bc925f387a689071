"""The job kit through Streamlit's own test harness, with a page of its own."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("streamlit", reason='dashboards need: pip install "streamlit>=1.55" plotly')

from streamlit.testing.v1 import AppTest

from velvet import catalog
from velvet.ui import kit, runs

DEMO = Path(__file__).resolve().parent / "demo"


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Find the demonstration's tasks here and in children, and store runs in a folder of the test."""
    monkeypatch.syspath_prepend(str(DEMO))
    monkeypatch.setenv("PYTHONPATH", str(DEMO), prepend=os.pathsep)
    monkeypatch.setattr(runs, "store", lambda: tmp_path / "runs")
    monkeypatch.setattr(runs, "_jobs", {})
    yield
    for _, run in runs._jobs.values():
        run.job.stop()


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(DEMO / "app.py"), default_timeout=30).run()


def press(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click()
    return app.run()


def open_tab(app: AppTest, name: str) -> AppTest:
    app.session_state[kit.TAB_KEY] = name
    return app.run()


def ended(app: AppTest) -> AppTest:
    """Wait until every child has ended and the page shows it."""
    for _, run in runs._jobs.values():
        run.job._readers[0].join(30)
        assert not run.running
    return app.run()


def said(app: AppTest) -> str:
    kinds = ("caption", "markdown", "info", "warning", "error")
    return "\n".join(str(one.value) for kind in kinds for one in app.get(kind))


def bars(app: AppTest) -> list[Any]:
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    return figure["data"][0].get("x") or []


def test_a_page_opens_with_the_recorded_run_and_says_whose_it_is(app):
    assert not app.exception
    assert len(bars(app)) == 5
    assert "Reference machine: abacus" in said(app)
    assert "The largest square so far is 16." in said(app)


def test_a_tab_shows_its_code_its_command_and_its_next_step(app):
    shown = [one.value for one in app.code]

    assert shown[0].startswith("def count(")
    assert shown[1] == "velvet bench 03 --filter startup"
    assert "tests/ui/demo/demo_tasks.py:" in said(app)
    assert press(app, "Next: At once").subheader[0].value == "What needs no child?"


def test_a_click_runs_the_task_with_the_options_of_the_controls(app):
    app.slider[0].set_value(7)

    press(app.run(), "Count")
    ended(app)

    assert len(bars(app)) == 7
    assert "This machine, now" in said(app)


def test_a_new_session_finds_the_last_run_again(app, monkeypatch):
    ended(press(app, "Count"))
    monkeypatch.setattr(runs, "_jobs", {})  # as after a restart of the server

    again = AppTest.from_file(str(DEMO / "app.py"), default_timeout=30).run()

    assert "This machine, 20" in said(again)


def test_a_new_session_finds_a_running_job_and_can_stop_it(app):
    press(open_tab(app, "Stays"), "Stay")
    run = next(iter(runs._jobs.values()))[1]
    first_event(run)

    again = open_tab(AppTest.from_file(str(DEMO / "app.py"), default_timeout=30).run(), "Stays")
    press(again, "Stop")

    assert not psutil.pid_exists(run.events[0]["pid"])
    assert not Path(run.events[0]["folder"]).exists()
    assert "Stopped after" in said(again)


def first_event(run: runs.Run) -> None:
    """Wait until a running task has told something."""
    until = threading.Event()
    for _ in range(600):
        if run.events:
            return
        until.wait(0.05)
    raise AssertionError(run.job.error)


def test_the_temporary_folder_of_a_job_is_gone_after_its_end(app):
    ended(press(app, "Count"))

    assert not next(iter(runs._jobs.values()))[1].job.folder.exists()


def test_a_refusal_is_shown_as_its_sentence(app):
    app.slider[0].set_value(95)

    ended(press(app.run(), "Count"))

    assert [one.value for one in app.warning] == ["Steps must be 1 to 90, not 95"]


def test_an_error_says_what_happened_and_keeps_what_was_told(app):
    ended(press(open_tab(app, "Breaks"), "Break"))

    assert "the floor gave way" in app.error[0].value
    assert "square" in str(app.table[0].value)


def test_settings_that_are_not_those_of_the_run_are_named(app):
    app.slider[0].set_value(9)

    assert "Shown: steps = 5. Press Count for the settings above." in said(app.run())


def test_the_source_of_something_long_is_cut():
    source, where = kit.source_of(kit.show, catalog.find("03"))
    long, _ = kit.source_of(kit.Seen, catalog.find("03"))

    assert source.startswith("def show(")
    assert where.startswith("velvet/ui/kit.py:")
    assert len(long.splitlines()) == kit.CODE_LINES
