"""The dashboard through Streamlit's own test harness: what it shows, runs, stops and refuses."""

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

from velvet_algorithms.contenders import Contender, contenders

pytestmark = pytest.mark.usefixtures("untraced")
HERE = Path(__file__).resolve().parents[2]
APP = HERE / "app.py"
TABS = ("Growth lab", "Route map", "Caches", "Sketches", "Attack")
FIGURES = {"Growth lab": 1, "Route map": 2, "Caches": 3, "Sketches": 3, "Attack": 1}
BOUND_S = 40.0
KEY = "algorithms_explorer"


@pytest.fixture(scope="module")
def untouched() -> AppTest:
    """The page before any click, drawn once for all tests that only look."""
    return AppTest.from_file(str(APP), default_timeout=60).run()


@pytest.fixture
def app() -> Iterator[AppTest]:
    """A page of its own for a test that clicks; its children end with the test."""
    found = AppTest.from_file(str(APP), default_timeout=60).run()
    yield found
    if KEY in found.session_state:
        found.session_state[KEY].stop_all()


def _tab(app: AppTest, label: str) -> Any:
    return next(tab for tab in app.tabs if tab.label == label)


def _figures(tab: Any) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in tab.get("plotly_chart")]


def _names(figure: dict[str, Any]) -> list[str]:
    return [trace.get("name", "") for trace in figure["data"]]


def _errors(app: AppTest) -> str:
    return "; ".join(box.value for box in app.error)


def _run_until(app: AppTest, done: Callable[[], bool]) -> None:
    until = time.monotonic() + BOUND_S
    while not done():
        assert time.monotonic() < until, "the page did not come to an end in time"
        time.sleep(0.05)
    app.run()
    assert not app.exception


def test_the_page_loads_with_its_five_tabs_and_no_exception(untouched: AppTest) -> None:
    assert not untouched.exception
    assert untouched.title[0].value == "Algorithms & Data Structures"
    assert tuple(tab.label for tab in untouched.tabs) == TABS


@pytest.mark.parametrize("label", TABS)
def test_every_tab_has_its_figures_before_any_click(untouched: AppTest, label: str) -> None:
    figures = _figures(_tab(untouched, label))

    assert len(figures) == FIGURES[label]
    assert all(any(trace.get("x") for trace in figure["data"]) for figure in figures)


@pytest.mark.parametrize("label", ["Route map", "Caches", "Sketches", "Attack"])
def test_each_tab_names_the_benchmark_behind_it(untouched: AppTest, label: str) -> None:
    tab = _tab(untouched, label)

    said = [box.value for box in tab.caption] + [box.label for box in tab.expander]

    assert any("benchmark" in text for text in said)


def test_the_growth_labs_legend_gives_exponents_with_intervals(untouched: AppTest) -> None:
    (figure,) = _figures(_tab(untouched, "Growth lab"))

    assert any(name.startswith("SortedBag: n^") and "±" in name for name in _names(figure))


def test_the_route_map_shows_that_a_hierarchy_settles_least(untouched: AppTest) -> None:
    bars = _figures(_tab(untouched, "Route map"))[1]["data"]

    settled = {bar["y"][0]: bar["x"][0] for bar in bars}

    assert min(settled, key=settled.__getitem__) == "hierarchy"
    assert settled["dijkstra"] > 8 * settled["hierarchy"]
    captions = [box.value for box in _tab(untouched, "Route map").caption]
    assert any("All 5 find the same length" in text for text in captions)


def _absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Contender,
        "absent",
        property(
            lambda one: (
                f"{one.needs} is not installed (pip install {one.needs})" if one.needs else ""
            )
        ),
    )


def test_absent_libraries_are_greyed_with_the_line_that_installs_them(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    _absent(monkeypatch)

    app.run()

    assert not app.exception
    chips = " ".join(element.proto.body for element in _tab(app, "Growth lab").get("html"))
    assert "pip install sortedcontainers" in chips
    assert "sortedcontainers" not in app.multiselect(key="algorithms_contenders_sorted").options


def test_bad_numbers_are_refused_with_what_would_do(app: AppTest) -> None:
    for key, value, said in (
        ("algorithms_smallest_sorted", 1, "the smallest size must be at least 10, not 1"),
        ("algorithms_largest_sorted", 10**9, "must be at most 200,000 for sorted"),
        ("algorithms_source_40", 1600, "source must be a crossing from 0 to 1,599, not 1,600"),
        ("algorithms_target_40", -1, "target must be a crossing from 0 to 1,599, not -1"),
        ("algorithms_attack_largest", 10, "must be 256 to 4,000 for this, not 10"),
    ):
        app.number_input(key=key).set_value(value).run()
        assert said in _errors(app)
    app.multiselect(key="algorithms_contenders_sorted").set_value([]).run()

    assert "choose 1 to 6 contenders, not 0" in _errors(app)
    assert not app.exception
    assert app.button(key="algorithms_grow").disabled
    assert app.button(key="algorithms_attack").disabled
    assert app.session_state[KEY].jobs == {}


def test_growth_is_measured_in_a_child_and_shown(app: AppTest) -> None:
    app.selectbox(key="algorithms_family").set_value("hull").run()
    app.multiselect(key="algorithms_contenders_hull").set_value(["monotone_chain"])
    app.number_input(key="algorithms_largest_hull").set_value(900)
    app.slider(key="algorithms_steps").set_value(3)
    app.button(key="algorithms_grow").click().run()
    state = app.session_state[KEY]

    _run_until(app, lambda: not state.busy("grow"))

    assert not state.jobs["grow"].error
    tab = _tab(app, "Growth lab")
    assert any("measured here" in box.value for box in tab.caption)
    (figure,) = _figures(tab)
    assert len(figure["data"][0]["x"]) > 0
    assert all(name.startswith("monotone_chain") for name in _names(figure) if name)


def test_a_measurement_can_be_stopped_and_its_child_is_gone(app: AppTest) -> None:
    app.button(key="algorithms_grow").click().run()
    job = app.session_state[KEY].jobs["grow"]
    assert psutil.pid_exists(job._process.pid)

    app.button(key="algorithms_grow_stop").click().run()

    assert not psutil.pid_exists(job._process.pid)
    assert any("stopped" in box.value for box in app.info)
    assert not app.exception


def test_a_child_that_dies_is_reported(app: AppTest) -> None:
    state = app.session_state[KEY]
    state.start("attack", None, ["-c", "raise SystemExit('no memory left')"])

    _run_until(app, lambda: not state.busy("attack"))

    assert "no memory left" in _errors(app)


def test_other_crossings_give_another_route_and_a_larger_map_asks_before_it_prepares(
    app: AppTest,
) -> None:
    def drawn() -> tuple[Any, set[str]]:
        streets, bars = _figures(_tab(app, "Route map"))
        route = next(one["x"] for one in streets["data"] if one.get("name") == "route")
        return route, {bar["y"][0] for bar in bars["data"]}

    first, _ = drawn()
    app.number_input(key="algorithms_target_40").set_value(3).run()
    second, settled = drawn()
    app.select_slider(key="algorithms_side").set_value(60).run()
    _, unprepared = drawn()
    app.button(key="algorithms_roads").click().run()
    state = app.session_state[KEY]
    _run_until(app, lambda: not state.busy("roads"))
    _, prepared = drawn()

    assert first != second
    assert unprepared == settled - {"hierarchy"}
    assert prepared == settled


def test_a_click_beside_a_crossing_means_that_crossing(untouched: AppTest) -> None:
    from velvet_algorithms.explorer import town

    roads = sys.modules["algorithms_roads"]
    where = town(8, 1)
    x, y = where.graph.points[20]

    assert roads.clicked_node(where, [{"x": x + 0.05, "y": y - 0.05}]) == 20
    assert roads.clicked_node(where, []) is None


def test_on_a_loop_only_s3_fifo_hits_and_the_slider_chooses_the_bars(app: AppTest) -> None:
    app.selectbox(key="algorithms_trace").set_value("loop").run()

    curves = {t["name"]: t["y"] for t in _figures(_tab(app, "Caches"))[0]["data"]}
    place = -2  # ten elevenths of the keys
    assert [curves[name][place] for name in ("LRU", "LFU", "SIEVE")] == [0, 0, 0]
    assert curves["S3-FIFO"][place] > 0.3

    app.select_slider(key="algorithms_entries_1000").set_value(10).run()

    assert _figures(_tab(app, "Caches"))[1]["layout"]["title"]["text"] == "At 10 entries"


def test_sliders_and_toggles_change_what_is_drawn(app: AppTest) -> None:
    request = next(one for one in app.slider if one.label == "request").value
    distinct = app.metric[0].value
    curves = _names(_figures(_tab(app, "Attack"))[0])

    app.button(key="algorithms_next_eviction").click()
    app.slider(key="algorithms_seen").set_value(1_000)
    app.toggle(key="algorithms_defence").set_value(False).run()

    assert next(one for one in app.slider if one.label == "request").value > request
    assert any("has no mark and goes" in box.value for box in app.markdown)
    assert app.metric[0].label == "different words"
    assert app.metric[0].value != distinct
    undefended = _names(_figures(_tab(app, "Attack"))[0])
    assert len(undefended) == len(curves) - 1
    assert any(name.startswith("hostile keys: n^") for name in undefended)


def test_an_attack_runs_in_a_child_and_its_seconds_are_shown(app: AppTest) -> None:
    app.number_input(key="algorithms_attack_largest").set_value(256)
    app.radio(key="algorithms_unit").set_value("seconds")
    app.button(key="algorithms_attack").click().run()
    state = app.session_state[KEY]

    _run_until(app, lambda: not state.busy("attack"))

    assert not state.jobs["attack"].error
    assert any("the attack you started" in box.value for box in _tab(app, "Attack").caption)
    assert "seconds" in _figures(_tab(app, "Attack"))[0]["layout"]["title"]["text"]


def _results(bench: str, family: str) -> dict[str, Any]:
    rows = [one.name for one in contenders(family)][:2]
    entries = [
        {"bench": bench, "contender": name, "size": {"n": n}, "metric": "time", "unit": "ms",
         "median": n * (rank + 1) / 100}
        for rank, name in enumerate(rows)
        for n in (600, 1500, 4000)
    ]  # fmt: skip
    about = {
        "name": bench,
        "metric": "time",
        "kind": "micro",
        "baseline": rows[0],
        "better": {"time": "lower"},
        "contenders": [{"name": name, "note": ""} for name in rows],
    }
    machine = {"cpu": "a chip", "cores": 2, "memory_gb": 8, "system": "Linux", "python": "3.12"}
    return {
        "comparisons": [about],
        "results": entries,
        "pairs": [],
        "published": [],
        "machine": machine,
        "noise": {"index": 1.0},
        "created": "2026-01-01",
    }


def test_stored_results_come_before_the_recorded_sample(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = sys.modules["algorithms_stored"]
    results = _results("small_choices_order", "tasks")
    monkeypatch.setattr(kept, "stored", lambda: ({"this machine": results}, ["a damaged file"]))
    monkeypatch.setattr(kept, "provenance", lambda _: "a chip; today; noise 1x")

    app.selectbox(key="algorithms_family").set_value("tasks").run()

    tab = _tab(app, "Growth lab")
    assert any(
        "stored: this machine, benchmark small_choices_order" in c.value for c in tab.caption
    )
    assert "a damaged file" in " ".join(box.value for box in app.warning)


def test_a_stored_comparison_is_a_folded_table(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = sys.modules["algorithms_stored"]
    results = _results("cache_hits", "lru")
    results["comparisons"][0]["kind"] = "value"
    monkeypatch.setattr(kept, "stored", lambda: ({"reference machine": results}, []))
    monkeypatch.setattr(kept, "provenance", lambda _: "a chip; today; noise 1x")

    app.run()

    labels = [box.label for box in _tab(app, "Caches").expander]
    assert labels == ["benchmark cache_hits, reference machine"]


def test_the_recorded_sample_is_small_and_has_every_family() -> None:
    from velvet_algorithms.contenders import families
    from velvet_algorithms.explorer import read_recording

    path = HERE / "samples" / "recorded_growth.jsonl"

    assert path.stat().st_size < 200_000
    assert sorted(read_recording(path.read_text(encoding="utf-8"))) == families()


def test_the_theme_file_has_the_palettes_colours() -> None:
    from velvet.ui import palette

    text = (HERE / ".streamlit" / "config.toml").read_text(encoding="utf-8")

    assert f'primaryColor = "{palette.STROKES[0]}"' in text
    assert f'textColor = "{palette.TEXT}"' in text
