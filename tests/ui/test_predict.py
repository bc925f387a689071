"""Predict first: only the chosen comparison runs, ties are ties, guesses are kept and judged."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("streamlit", reason='dashboards need: pip install "streamlit>=1.55" plotly')

from streamlit.testing.v1 import AppTest

from velvet import catalog
from velvet.bench.model import Comparison
from velvet.ui import guesses, live, predict
from velvet.ui.parts import Seen

MEASURE = """\
from velvet.bench import Suite

suite = Suite("30-tiny", __file__)
for name in ("sort", "sort_more"):
    comparison = suite.comparison(name, unit="us", title="Sorting", sizes={"n": [200]})

    def slow(n):
        return lambda: [sorted(range(n)) for _ in range(20)]

    comparison.add("slow", slow, baseline=True, note="sorts every time")
    comparison.add("fast", lambda n: lambda: sorted(range(n)), note="sorts once")
"""
RUN = """
from velvet.bench.command import main

if __name__ == "__main__":
    main(suite)
"""
TOML = """\
title = "Tiny"
phase = 2
difficulty = "Beginner"
hours = 1
question = "How small?"
summary = "So small."
"""


def result(*pairs: dict[str, Any]) -> dict[str, Any]:
    """A results document of one comparison with a baseline and some ratios to it."""
    names = ["old", *(pair["a"] for pair in pairs)]
    about = {"name": "sort", "title": "Sorting", "baseline": "old", "metric": "time"}
    about |= {"better": {"time": "lower"}, "kind": "micro", "unit": "s"}
    about |= {"contenders": [{"name": name, "note": f"{name} is a note"} for name in names]}
    at = {"bench": "sort", "metric": "time", "size": {}}
    medians = {"old": 1.0} | {pair["a"]: pair["ratio"] for pair in pairs}
    return {
        "comparisons": [about],
        "results": [
            {**at, "contender": name, "median": median, "unit": "s"}
            for name, median in medians.items()
        ],
        "pairs": [{**at, "b": "old", "n": 9, **pair} for pair in pairs],
        "claims": [],
        "published": [],
        "noise": {"index": 2.0},
        "created": "2026-11-29T10:00:00Z",
    }


NEW = {"a": "new", "ratio": 0.25, "lo": 0.2, "hi": 0.3}
TWIN = {"a": "twin", "ratio": 0.28, "lo": 0.24, "hi": 0.33}
WORSE = {"a": "worse", "ratio": 2.0, "lo": 1.9, "hi": 2.1}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module with two comparisons, one of whose names holds the other's."""
    folder = tmp_path / "30-tiny"
    (folder / "benchmarks").mkdir(parents=True)
    (folder / "module.toml").write_text(TOML, encoding="utf-8")
    (folder / "benchmarks" / "measure.py").write_text(MEASURE, encoding="utf-8")
    monkeypatch.setattr(catalog, "repository", lambda start=None: tmp_path)
    return folder


def test_only_the_chosen_comparison_is_measured_and_the_guess_is_kept(tiny):
    events = list(live.measured("30-tiny", "sort", "fast", 10.0))

    plan, last = events[0], events[-1]
    kept = guesses.kept()
    assert plan == {"type": "plan", "total": 2}
    assert last["type"] == "result"
    assert {entry["bench"] for entry in last["results"]} == {"sort"}
    assert [(guess.winner, guess.won, guess.hit) for guess in kept] == [("fast", ("fast",), True)]
    assert kept[0].measured > 2
    json.dumps(events)


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        (("quick", "quick"), "quick"),
        (("quick", "default"), "default"),
        (("full",), "full"),
    ],
)
def test_a_comparison_without_a_quick_part_is_measured_in_its_own_tier(tiers, expected):
    comparison = Comparison("sort", title="t", kind="value", unit="n")
    for number, tier in enumerate(tiers):
        comparison.add(f"c{number}", lambda: iter([lambda: 1]), tier=tier)

    assert live.smallest_tier(comparison) == expected


def test_a_comparison_that_is_not_declared_is_refused(tiny):
    with pytest.raises(ValueError, match="30-tiny has no comparison 'nothing'"):
        next(live.measured("30-tiny", "nothing", "a", 1.0))


def test_the_declared_comparisons_of_two_or_more_are_listed_with_their_contenders():
    said = "sort (micro, 1 sizes): slow, fast\nloss (value, 1 sizes): naive\nclaim: x (y): z, z\n"

    assert predict.listed(said) == {"sort": ["slow", "fast"]}


def test_medians_are_told_while_it_runs():
    rounds = {"event": "round", "bench": "sort", "wall": {"a": 2e9, "b": None}}
    begin = {"event": "begin", "bench": "sort", "size": "n=1", "done": 0}

    told = list(live.follow([{"event": "plan", "total": 1}, begin, rounds]))

    assert told[-1] == {"type": "so far", "size": "n=1", "done": 0, "medians": {"a": 2.0}}


def test_the_result_is_the_last_word_on_a_slow_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live, "TELL_EVERY_S", 0.0)
    rounds = {"event": "round", "bench": "sort", "wall": {"a": 2e9}}
    parts = ("comparisons", "results", "pairs", "claims", "noise", "created")
    events = [
        {"event": "begin", "bench": "sort", "size": "n=1", "done": 0},
        rounds,
        {"event": "results", "results": dict.fromkeys(parts)},
    ]

    assert [event["type"] for event in live.follow(events)] == ["so far", "result"]


def test_the_best_comes_first_whatever_direction_is_good():
    assert [one.name for one in live.ranking(result(NEW, WORSE), "sort")] == ["new", "old", "worse"]
    more = result(NEW, WORSE)
    more["comparisons"][0]["better"] = {"time": "higher"}
    assert [one.name for one in live.ranking(more, "sort")] == ["worse", "old", "new"]


@pytest.mark.parametrize(
    ("pairs", "won", "factor", "rival"),
    [
        ((NEW, WORSE), ["new"], 4.0, "old"),
        ((NEW, TWIN), ["new", "twin"], 4.0, "old"),
        ((WORSE,), ["old"], 2.0, "the runner-up"),
    ],
)
def test_winners_factor_and_rival(pairs, won, factor, rival):
    assert live.outcome(result(*pairs), "sort") == (won, pytest.approx(factor), rival)


def seen(*pairs: dict[str, Any], winner: str = "new", **more: Any) -> Seen:
    options = {"module": "03-cli", "comparison": "sort", "winner": winner, "factor": 2.0}
    return Seen([{"type": "result", **result(*pairs)}], options, more.get("wanted", options))


def test_guess_and_result_stand_side_by_side_with_the_why():
    assert predict.finding(seen(NEW)) == (
        "You guessed **new**, 2.00x: the winner is right. "
        "Measured: **new**, 4.00x better than old. Why: new is a note"
    )
    assert "the winner is wrong" in predict.finding(seen(NEW, winner="old"))
    assert "**a tie of new, twin**" in predict.finding(seen(NEW, TWIN))


def test_nothing_is_said_about_another_comparison_or_a_lonely_contender():
    assert predict.finding(seen(NEW, wanted={"comparison": "other"})) == ""
    assert "nothing to compare" in predict.finding(seen())


def test_a_result_is_drawn_with_its_noise():
    def script() -> None:
        from tests.ui import test_predict
        from velvet.ui import predict

        predict.draw(test_predict.seen(test_predict.NEW))

    app = AppTest.from_function(script, default_timeout=30).run()

    assert not app.exception
    assert "The machine was busy" in "".join(str(one.proto) for one in app.get("html"))
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert figure["data"][0]["y"] == ["new", "old"]


def test_the_guess_is_a_comparison_its_winner_and_a_factor(tiny, monkeypatch):
    def script() -> None:
        import streamlit as st

        from velvet import catalog
        from velvet.ui import predict

        st.json(predict.controls(catalog.find("30")))

    with (tiny / "benchmarks" / "measure.py").open("a", encoding="utf-8") as file:
        file.write(RUN)
    monkeypatch.setattr(predict, "reference", lambda module: result(NEW))
    app = AppTest.from_function(script, default_timeout=60).run()
    first = json.loads(app.json[0].value)
    app.get("button_group")[-1].set_value("fast").run()

    assert not app.exception
    assert first == {"module": "30-tiny", "comparison": "sort", "winner": "slow", "factor": 2.0}
    assert json.loads(app.json[0].value) == first | {"winner": "fast"}
    assert app.markdown[0].value == "Sorting"


def test_a_module_that_declares_nothing_asks_for_no_guess(tiny):
    def script() -> None:
        import streamlit as st

        from velvet import catalog
        from velvet.ui import predict

        st.json(predict.controls(catalog.find("30")))

    (tiny / "benchmarks" / "measure.py").unlink()
    app = AppTest.from_function(script, default_timeout=60).run()

    assert json.loads(app.json[0].value) == {}
    assert "30-tiny declares no comparison" in app.warning[0].value


def test_bars_grow_while_it_runs():
    figure = predict.so_far({"medians": {"b": 2e-3, "a": 1e-3}, "size": "n=1,m=2"})

    assert list(figure.data[0].y) == ["a", "b"]
    assert figure.layout.title.text == "Medians so far at n=1, m=2"


def guess(factor: float, measured: float, winner: str = "a") -> guesses.Guess:
    return guesses.Guess("30-tiny", "sort", winner, factor, ("a",), measured)


def test_calibration_counts_hits_and_the_typical_factor():
    made = [guess(8.0, 2.0), guess(2.0, 4.0, winner="b"), guess(3.0, 3.0)]

    assert [one.off for one in made] == pytest.approx([4.0, 2.0, 1.0])
    assert guesses.calibration(made) == (
        "Your guesses so far: 2 of 3 winners right; the typical factor is 2x off."
    )
    assert guesses.calibration([]) == ""


def test_a_damaged_line_costs_only_itself(tmp_path, monkeypatch):
    path = tmp_path / "guesses.jsonl"
    monkeypatch.setattr(guesses, "file", lambda: path)
    guesses.add(guess(2.0, 2.0))
    with path.open("a", encoding="utf-8") as file:
        file.write('not json\n{}\n{"won": 3}\n[]\n')

    assert guesses.kept() == [guess(2.0, 2.0)]


def test_a_module_without_results_has_no_reference(tiny):
    assert predict.reference(SimpleNamespace(folder=tiny)) is None
