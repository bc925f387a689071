"""The explorer through Streamlit's own test harness: what it shows, runs, stops and refuses."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("streamlit", reason='dashboards need: pip install "streamlit>=1.50" plotly')

from streamlit.testing.v1 import AppTest

from velvet import services
from velvet.services import ServiceUnavailable
from velvet.ui import palette

pytestmark = pytest.mark.usefixtures("untraced")
HERE = Path(__file__).resolve().parents[2]
APP = HERE / "app.py"
TABS = ("Layers", "N+1", "Pool", "Isolation", "Plans & migrations")
BOUND_S = 40.0
KEY = "databases_explorer"
NONE = ServiceUnavailable("postgres", [("binary", "none on this machine")], "Install PostgreSQL.")


def _page() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=60)


@pytest.fixture
def app() -> Iterator[AppTest]:
    found = _page().run()
    yield found
    if KEY in found.session_state:
        session = found.session_state[KEY]
        for name in list(session.jobs):
            session.stop(name)


@pytest.fixture(scope="module")
def untouched() -> AppTest:
    """The page before any click, drawn once for all tests that only look."""
    return _page().run()


@pytest.fixture
def serverless(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page on a machine where no rung of the ladder gives a PostgreSQL."""
    from databases_session import ladder

    monkeypatch.setattr(services, "probe", lambda name: NONE)
    ladder.clear()
    yield _page().run()
    ladder.clear()


def _tab(app: AppTest, label: str) -> Any:
    return next(tab for tab in app.tabs if tab.label == label)


def _figures(tab: Any) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in tab.get("plotly_chart")]


def _titles(tab: Any) -> list[str]:
    return [figure["layout"]["title"].get("text", "") for figure in _figures(tab)]


def _html(tab: Any) -> str:
    return " ".join(element.proto.body for element in tab.get("html"))


def _run_until(app: AppTest, done: Callable[[], bool]) -> None:
    until = time.monotonic() + BOUND_S
    while not done():
        assert time.monotonic() < until, "the page did not come to an end in time"
        time.sleep(0.05)
        app.run()
        assert not app.exception


def test_the_page_loads_with_its_five_tabs_and_no_exception(untouched: AppTest) -> None:
    assert not untouched.exception
    assert untouched.title[0].value == "Database Systems"
    assert tuple(tab.label for tab in untouched.tabs) == TABS


def test_every_tab_has_content_before_any_click(untouched: AppTest) -> None:
    layers, lazy, pool, isolation, plans = (_tab(untouched, label) for label in TABS)

    assert len(_figures(layers)) >= 2
    assert layers.get("code")
    assert len(_figures(lazy)) >= 2
    assert len(_figures(pool)) >= 4
    assert len(_figures(isolation)) >= 1
    assert "prevented" in _html(isolation)
    assert len(_figures(plans)) >= 3
    assert "Seq Scan" in _html(plans)


def test_every_tab_says_which_command_makes_its_stored_results(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["databases_parts"], "FILES", {})
    app.run()

    for label in TABS:
        said = " ".join(box.value for box in _tab(app, label).info)
        assert "are stored yet" in said
        assert "measure.py --quick" in said


def test_the_sql_of_a_store_is_what_its_library_generated(app: AppTest) -> None:
    app.selectbox(key="databases_layers_operation").set_value("10 orders with lines, lazily")
    app.selectbox(key="databases_store_SQLite").set_value("django").run()

    texts = [block.value for block in _tab(app, "Layers").get("code")]

    assert any('FROM "order_line"' in text for text in texts)
    assert any("11 statements" in text.value for text in _tab(app, "Layers").markdown)


def test_what_a_store_cannot_do_is_shown_as_its_refusal(app: AppTest) -> None:
    app.selectbox(key="databases_layers_operation").set_value("10 orders with lines, joined")
    app.selectbox(key="databases_store_SQLite").set_value("django").run()

    assert any("prefetch_related" in box.value for box in _tab(app, "Layers").info)


def test_stores_that_cannot_be_used_here_are_greyed_with_the_reason(untouched: AppTest) -> None:
    assert "psycopg: this store speaks postgresql" in _html(_tab(untouched, "Layers"))


def test_a_library_that_is_missing_is_greyed_with_the_line_that_installs_it(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = sys.modules["databases_layers"]
    monkeypatch.setattr(parts, "missing_libraries", lambda: {"peewee": "pip install peewee"})
    app.run()

    assert "peewee: pip install peewee" in _html(_tab(app, "Layers"))


def test_farther_away_lazy_loading_costs_more_and_select_in_hardly(app: AppTest) -> None:
    def prices() -> list[float]:
        metrics = _tab(app, "N+1").metric
        return [float(one.value.removesuffix(" ms").replace(",", "")) for one in metrics]

    app.slider(key="databases_rtt").set_value(0.0).run()
    near = prices()
    app.slider(key="databases_rtt").set_value(10.0).run()
    far = prices()

    assert far[0] - near[0] == pytest.approx(1_010, rel=0.03)
    assert far[2] - near[2] == pytest.approx(20, rel=0.1)


def test_the_timeline_has_a_bar_for_each_statement(app: AppTest) -> None:
    app.slider(key="databases_parents").set_value(7)
    app.slider(key="databases_children").set_value(3).run()

    timeline = _figures(_tab(app, "N+1"))[0]

    waits = next(trace for trace in timeline["data"] if trace["name"] == "wait")
    assert waits["y"].count("lazy") == 8
    assert waits["y"].count("select-in") == 2


def test_the_detectors_fix_is_there_to_be_pasted(app: AppTest) -> None:
    fixes = {}
    for orm in ("sqlalchemy orm", "django", "peewee"):
        app.radio(key="databases_n1_orm").set_value(orm).run()
        fixes[orm] = _tab(app, "N+1").get("code")[0].value

    assert "selectinload(Order.lines)" in fixes["sqlalchemy orm"]
    assert "prefetch_related" in fixes["django"]
    assert "prefetch" in fixes["peewee"]


def test_more_wanted_needs_more_connections(app: AppTest) -> None:
    app.number_input(key="databases_tps").set_value(4_000.0).run()

    assert _tab(app, "Pool").metric[0].value == "10"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("databases_threads", 65, "threads must be 1 to 64, not 65"),
        ("databases_wait", -1.0, "wait_ms must be 0 to 50, not -1"),
        ("databases_layers_rows", 5, "rows must be 100 to 10000, not 5"),
    ],
)
def test_bad_input_is_refused_with_a_message(
    app: AppTest, field: str, value: float, said: str
) -> None:
    app.number_input(key=field).set_value(value).run()

    job = "layers" if "layers" in field else "pool"
    assert said in [box.value for box in app.error]
    assert app.button(key=f"databases_run_{job}").disabled
    assert not app.session_state[KEY].jobs
    assert not app.exception


def test_a_hold_of_nothing_is_refused(app: AppTest) -> None:
    app.number_input(key="databases_wait").set_value(0.0)
    app.number_input(key="databases_compute").set_value(0.0).run()

    assert any("both 0" in box.value for box in app.error)
    assert not app.exception


def test_the_player_shows_a_step_more_and_the_verdict_at_the_end(app: AppTest) -> None:
    app.button(key="databases_first").click().run()
    isolation = _tab(app, "Isolation")
    assert any("verdict follows" in box.value for box in isolation.info)

    steps = "databases_step_postgresql_repeatable-read_P4"
    app.slider(key=steps).set_value(3)
    app.button(key="databases_next").click().run()
    isolation = _tab(app, "Isolation")
    assert any("waits for T1." in text.value for text in isolation.markdown)
    lanes = _figures(isolation)[0]
    assert sum(len(trace["x"]) for trace in lanes["data"]) == 4

    app.slider(key=steps).set_value(6).run()
    assert "stored afterwards" in _html(_tab(app, "Isolation"))


def test_write_skew_is_prevented_by_serializable_only(app: AppTest) -> None:
    found = {}
    app.selectbox(key="databases_anomaly").set_value("G2-item")
    for level in app.selectbox(key="databases_level").options:
        app.selectbox(key="databases_level").set_value(level).run()
        shown = _html(_tab(app, "Isolation"))
        found[level] = "prevented" if "prevented</b> write skew" in shown else "possible"
        assert f"{found[level]}</b> write skew" in shown

    assert found == {
        "SQLite, serializable": "prevented",
        "PostgreSQL, read committed": "possible",
        "PostgreSQL, repeatable read": "possible",
        "PostgreSQL, serializable": "prevented",
    }


def test_sqlites_plan_is_asked_for_at_once(app: AppTest) -> None:
    app.radio(key="databases_plans_where").set_value("SQLite").run()

    shown = _html(_tab(app, "Plans & migrations"))

    assert "SCAN" in shown
    assert "SEARCH" in shown


def test_each_change_has_a_strip_for_each_way(app: AppTest) -> None:
    for change in ("INTEGER becomes BIGINT", "an index"):
        app.radio(key="databases_change").set_value(change).run()
        strips = next(f for f in _figures(_tab(app, TABS[4])) if len(f["data"]) == 2)
        assert all(trace["x"] for trace in strips["data"])


def test_without_a_server_everything_stays_and_the_ladder_is_explained(
    serverless: AppTest,
) -> None:
    assert not serverless.exception
    for job, label in (("pool", "Pool"), ("plans", TABS[4]), ("changes", TABS[4])):
        assert serverless.button(key=f"databases_run_{job}").disabled
        said = " ".join(box.value for box in _tab(serverless, label).warning)
        assert "no postgres here (binary: none on this machine)" in said
        assert _figures(_tab(serverless, label))
    assert not serverless.button(key="databases_run_layers").disabled


@pytest.mark.slow
def test_a_play_on_sqlite_takes_the_place_of_the_recorded_one(app: AppTest) -> None:
    app.selectbox(key="databases_level").set_value("SQLite, serializable").run()
    app.button(key="databases_run_plays").click().run()
    session = app.session_state[KEY]

    _run_until(app, lambda: not session.jobs)
    app.run()

    assert session.own("plays")
    assert session.messages["plays"] == ""
    captions = [text.value for text in _tab(app, "Isolation").caption]
    assert any("measured here" in text for text in captions)
    assert "prevented" in _html(_tab(app, "Isolation"))


@pytest.mark.slow
def test_stop_ends_the_child_and_keeps_what_it_told(app: AppTest) -> None:
    app.number_input(key="databases_layers_rows").set_value(10_000).run()
    app.button(key="databases_run_layers").click().run()
    session = app.session_state[KEY]
    job = session.jobs["layers"]
    pid = job._process.pid
    assert app.button(key="databases_run_plays").disabled
    _run_until(app, lambda: len(job.events) > 1)

    app.button(key="databases_stop_layers").click().run()

    assert not psutil.pid_exists(pid)
    assert session.messages["layers"] == "stopped"
    assert any(box.value == "stopped" for box in _tab(app, "Layers").info)
    assert not app.exception


def test_the_theme_file_has_the_palettes_colours() -> None:
    text = (HERE / ".streamlit" / "config.toml").read_text(encoding="utf-8")

    assert f'primaryColor = "{palette.STROKES[0]}"' in text
    assert f'textColor = "{palette.TEXT}"' in text
