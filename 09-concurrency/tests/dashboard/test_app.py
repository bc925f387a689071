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

from velvet.ui import palette

pytestmark = pytest.mark.usefixtures("untraced")
HERE = Path(__file__).resolve().parents[2]
APP = HERE / "app.py"
TABS = (
    "Task Timeline",
    "Memory Profiler",
    "Performance Heatmap",
    "Live Benchmarks",
    "Limiter and breaker lab",
)
BOUND_S = 40.0
KEY = "concurrency_explorer"


@pytest.fixture
def app() -> Iterator[AppTest]:
    found = AppTest.from_file(str(APP), default_timeout=60)
    found.run()
    yield found
    if KEY in found.session_state:
        session = found.session_state[KEY]
        session.stop()
        for job in (session.probe_job, session.bench_job):
            if job is not None:
                job.stop()


@pytest.fixture(scope="module")
def untouched() -> AppTest:
    """The page before any click, drawn once for all tests that only look."""
    return AppTest.from_file(str(APP), default_timeout=60).run()


def _figures(tab: Any) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in tab.get("plotly_chart")]


def _titles(tab: Any) -> list[str]:
    return [figure["layout"]["title"].get("text", "") for figure in _figures(tab)]


def _tab(app: AppTest, label: str) -> Any:
    return next(tab for tab in app.tabs if tab.label == label)


def _run_until(app: AppTest, done: Callable[[], bool]) -> None:
    until = time.monotonic() + BOUND_S
    while not done():
        assert time.monotonic() < until, "the page did not come to an end in time"
        time.sleep(0.05)
        app.run()
        assert not app.exception


def _small(app: AppTest) -> None:
    app.slider(key="concurrency_tasks").set_value(10)
    app.number_input(key="concurrency_latency").set_value(5.0)
    app.number_input(key="concurrency_cpu").set_value(1.0)


def test_the_page_loads_with_its_five_tabs_and_no_exception(untouched: AppTest) -> None:
    assert not untouched.exception
    assert untouched.title[0].value == "Interactive Concurrency Explorer"
    assert tuple(tab.label for tab in untouched.tabs) == TABS


def test_every_tab_has_content_before_any_click(untouched: AppTest) -> None:
    timeline, memory, heatmap, live, lab = (_tab(untouched, label) for label in TABS)

    assert len(_figures(timeline)) == 4
    assert len(_figures(memory)) == 3
    assert len(_figures(heatmap)) >= 1
    assert live.selectbox or live.warning
    assert len(_figures(lab)) == 4


def test_the_two_models_share_one_time_axis(untouched: AppTest) -> None:
    figures = _figures(_tab(untouched, "Task Timeline"))

    ranges = {tuple(figure["layout"]["xaxis"]["range"]) for figure in figures}

    assert len(ranges) == 1


def test_asyncio_is_one_running_lane_and_threads_are_many(untouched: AppTest) -> None:
    asyncio_, _, threads, _ = _figures(_tab(untouched, "Task Timeline"))

    lanes = [
        {lane for bar in figure["data"] if bar["name"] == "run" for lane in bar["y"]}
        for figure in (asyncio_, threads)
    ]

    assert lanes[0] == {"MainThread"}
    assert len(lanes[1]) == 12


def test_the_zoom_cuts_every_figure(app: AppTest) -> None:
    slider = next(one for one in app.slider if "zoom" in one.label)
    slider.set_value((slider.value[0], slider.value[1] / 2)).run()

    figures = _figures(_tab(app, "Task Timeline"))

    ends = {figure["layout"]["xaxis"]["range"][1] for figure in figures}
    assert len(ends) == 1
    assert ends.pop() < slider.value[1] * 1.01


@pytest.mark.slow
def test_run_shows_both_models_when_it_has_ended(app: AppTest) -> None:
    _small(app)
    app.button(key="concurrency_run").click().run()
    session = app.session_state[KEY]

    _run_until(app, lambda: not session.running)
    app.run()

    assert set(session.runs) == {"asyncio", "threads"}
    assert all(run.done == 10 for run in session.runs.values())
    titles = _titles(_tab(app, "Task Timeline"))
    assert any("asyncio" in title and "10 tasks" in title for title in titles)
    assert any("threads" in title and "10 tasks" in title for title in titles)


@pytest.mark.slow
def test_stop_ends_the_child_by_its_pid_and_keeps_what_it_told(app: AppTest) -> None:
    app.number_input(key="concurrency_latency").set_value(2000.0)
    app.button(key="concurrency_run").click().run()
    job = app.session_state[KEY].job
    pid = job._process.pid
    _run_until(app, lambda: len(job.events) > 2)
    assert psutil.pid_exists(pid)

    app.button(key="concurrency_stop").click().run()

    assert not psutil.pid_exists(pid)
    assert not app.session_state[KEY].running
    assert any("stopped" in box.value for box in app.info)
    assert not app.exception


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("concurrency_latency", -1.0, "latency_ms must be 0 to 5000, not -1"),
        ("concurrency_cpu", 5000.0, "cpu_ms must be 0 to 500, not 5000"),
        ("concurrency_workers", 0, "limit must be 1 to 500, not 0"),
        ("concurrency_workers", 501, "limit must be 1 to 500, not 501"),
    ],
)
def test_bad_parameters_are_refused_with_a_message(
    app: AppTest, field: str, value: float, said: str
) -> None:
    app.number_input(key=field).set_value(value).run()

    assert said in [box.value for box in app.error]
    assert app.button(key="concurrency_run").disabled
    assert app.session_state[KEY].job is None


def test_a_run_of_minutes_is_refused_with_its_length(app: AppTest) -> None:
    app.selectbox(key="concurrency_model").set_value("serial")
    app.slider(key="concurrency_tasks").set_value(500)
    app.number_input(key="concurrency_latency").set_value(1000.0).run()

    assert any("serial would take about 502 s" in box.value for box in app.error)


def test_a_replay_begins_with_less_than_the_whole_run(app: AppTest) -> None:
    whole = sum(len(run.spans) for run in app.session_state[KEY].visible())

    app.button(key="concurrency_replay").click().run()

    shown = sum(len(run.spans) for run in app.session_state[KEY].visible())
    assert shown < whole
    assert not app.exception


def test_the_limit_slider_changes_the_data_of_the_lab(app: AppTest) -> None:
    lab = _tab(app, "Limiter and breaker lab")
    before = _figures(lab)[0]["data"]

    app.slider(key="concurrency_limit").set_value(40).run()

    after = _figures(_tab(app, "Limiter and breaker lab"))[0]["data"]
    assert sum(len(trace["x"]) for trace in after) > sum(len(trace["x"]) for trace in before)


def test_the_edge_attack_breaks_the_fixed_window_and_not_the_log(untouched: AppTest) -> None:
    bars = _figures(_tab(untouched, "Limiter and breaker lab"))[1]["data"]

    verdicts = {name: trace["name"] for trace in bars for name in trace["y"]}

    assert verdicts["fixed window"] == "breaks it"
    assert verdicts["sliding log"] == "keeps it"


def test_the_outage_slider_changes_the_breakers_strip(app: AppTest) -> None:
    before = _figures(_tab(app, "Limiter and breaker lab"))[2]["data"]

    app.slider(key="concurrency_outage").set_value((20, 50)).run()

    assert _figures(_tab(app, "Limiter and breaker lab"))[2]["data"] != before


def test_an_empty_choice_of_policies_says_so(app: AppTest) -> None:
    app.multiselect(key="concurrency_policies").set_value([]).run()

    assert any("at least one policy" in caption.value for caption in app.caption)
    assert not app.exception


def test_a_trace_can_be_downloaded_for_each_model_shown(untouched: AppTest) -> None:
    labels = {button.label for button in untouched.get("download_button")}

    assert {"download trace: asyncio", "download trace: threads"} <= labels


TINY = """
from velvet.bench import Suite, ratio
from velvet.bench.command import main

suite = Suite("tiny", __file__)
sums = suite.comparison("sums", title="Adding up", unit="ops/s", rounds={"quick": 3})


@sums.contender(baseline=True)
def slow():
    return lambda: sum(range(3000))


@sums.contender
def fast():
    return lambda: sum(range(300))


@sums.contender(needs="no-such-distribution-anywhere")
def absent():
    return lambda: 0


suite.claim("fewer is faster", ratio("sums", "fast", "slow") >= 2)
suite.published("sums", {("fast", "ops"): 1000.0}, source="a table")

if __name__ == "__main__":
    main(suite)
"""


@pytest.fixture
def tiny(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "measure.py").write_text(TINY, encoding="utf-8")
    live, heatmap = sys.modules["concurrency_live"], sys.modules["concurrency_heatmap"]
    monkeypatch.setattr(live, "MEASURE", folder / "measure.py")
    monkeypatch.setattr(heatmap, "FILES", {"this machine": folder / "results" / "local.json"})
    app.run()
    return app


def test_without_results_the_page_says_which_command_makes_them(tiny: AppTest) -> None:
    said = [box.value for box in tiny.info]

    assert any("No results are stored yet" in text and "measure.py" in text for text in said)
    assert any("Not measured yet" in text for text in said)


def test_a_missing_contender_is_greyed_with_its_remedy(tiny: AppTest) -> None:
    chips = " ".join(element.proto.body for element in _tab(tiny, "Live Benchmarks").get("html"))

    assert "absent: no-such-distribution-anywhere is not installed (pip install" in chips
    assert tiny.multiselect(key="concurrency_live_sums").options == ["slow", "fast"]


def test_measuring_without_the_baseline_is_refused(tiny: AppTest) -> None:
    tiny.multiselect(key="concurrency_live_sums").set_value(["fast"]).run()

    assert tiny.button(key="concurrency_measure").disabled
    assert any("Choose slow too" in caption.value for caption in tiny.caption)


@pytest.mark.slow
def test_a_benchmark_measures_and_lights_its_claims(tiny: AppTest) -> None:
    tiny.button(key="concurrency_measure").click().run()
    job = tiny.session_state[KEY].bench_job

    _run_until(tiny, lambda: not job.running)
    tiny.run()

    live = _tab(tiny, "Live Benchmarks")
    lights = " ".join(element.proto.body for element in live.get("html"))
    assert not job.error
    assert "fewer is faster" in lights
    assert "● holds" in lights
    titles = _titles(live)
    assert any(title.startswith("Ratios") for title in titles)
    assert "Published, and here" in titles


@pytest.mark.slow
def test_a_benchmark_can_be_stopped(tiny: AppTest) -> None:
    slow = TINY.replace("lambda: sum(range(3000))", "lambda: time.sleep(1)")
    live = sys.modules["concurrency_live"]
    live.MEASURE.write_text(f"import time\n{slow}", encoding="utf-8")
    tiny.run()
    tiny.button(key="concurrency_measure").click().run()
    job = tiny.session_state[KEY].bench_job

    tiny.button(key="concurrency_measure_stop").click().run()

    assert not psutil.pid_exists(job._process.pid)
    assert any("stopped" in box.value for box in tiny.info)
    assert not tiny.exception


def test_the_theme_file_has_the_palettes_colours() -> None:
    text = (HERE / ".streamlit" / "config.toml").read_text(encoding="utf-8")

    assert f'primaryColor = "{palette.STROKES[0]}"' in text
    assert f'textColor = "{palette.TEXT}"' in text


def test_the_recordings_are_small() -> None:
    size = sum(path.stat().st_size for path in (HERE / "samples").iterdir())

    assert size < 400_000


def test_a_benchmark_file_that_cannot_be_imported_is_reported(tmp_path: Path) -> None:
    sys.path.append(str(HERE / "dashboard"))
    try:
        from concurrency_catalogue import catalogue
    finally:
        sys.path.remove(str(HERE / "dashboard"))
    broken = tmp_path / "measure.py"
    broken.write_text("import no_such_module_at_all\n", encoding="utf-8")

    assert "no_such_module_at_all" in catalogue(broken)["problem"]
    assert "missing" in catalogue(tmp_path / "absent.py")["problem"]
