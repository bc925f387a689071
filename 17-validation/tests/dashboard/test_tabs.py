"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_validation.dashboard import catch_rate, coercions, evolution, speed, tasks, try_it
from velvet_validation.errors import Outcome
from velvet_validation.samples.cases import FAULTS, valid

BY_ID = {fault.id: fault for fault in FAULTS}


def asked(payload: Any, mode: str = "default", family: str = "signup") -> Seen:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return Seen(options={"family": family, "mode": mode, "text": text})


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (BY_ID["text too short"].apply(), r"The payload is wrong; \*\*10 of 12\*\* refuse it"),
        (BY_ID["text too short"].apply(), "write a secret into the log"),
        (valid("signup"), "The payload is valid; 12 of 12 accept it."),
        ({**valid("signup"), "age": "42"}, "change it silently"),
        ("{", "^$"),
    ],
)
def test_the_finding_counts_the_libraries_on_each_side(payload: Any, words: str) -> None:
    pytest.importorskip("jsonschema_rs")

    said = try_it.finding(asked(payload))

    assert re.search(words, said), said


def test_changes_are_told_with_both_values_and_dropped_keys() -> None:
    sent = {"a": "1", "gone": 2, "time": "2026-01-01T00:00:00+00:00", "list": [1, {"x": 1.5}]}
    loaded = {"a": 1, "time": "2026-01-01T00:00:00Z", "list": [1, {"x": 1}], "added": None}

    found = sorted(try_it.differences(sent, loaded))

    assert found == ["/a: '1' \u2192 1", "/gone dropped", "/list/1/x: 1.5 \u2192 1"]


def test_every_part_of_a_secret_is_marked_and_all_else_is_escaped() -> None:
    html = try_it.marked("<b> input 'hunt...er22' hunter22", ["hunter22"])

    assert "&lt;b&gt;" in html
    assert html.count("<mark") == html.count("</mark>") == 3
    assert "hunter22</mark>" in html


def test_a_card_says_verdict_path_and_log() -> None:
    payload = BY_ID["text too short"].apply()
    found = try_it.answer("pydantic", "signup", "default", payload)

    html = try_it.card("pydantic", found, False, ["Qz7kVx2"])

    assert found[0].outcome is Outcome.CAUGHT
    assert "/password" in html
    assert "with a secret" in html
    assert "Qz7kVx2</mark>" in html


@pytest.fixture(scope="module")
def scores() -> list[dict[str, Any]]:
    return [event for event in tasks.catch() if event["type"] == "score"]


def test_the_catch_rate_is_drawn_for_every_library(scores: list[dict[str, Any]]) -> None:
    figure = catch_rate.beside_cost(scores)
    matrix = catch_rate.every_fault(scores, "strict")

    assert len(figure.data[1].x) == len(scores) // 2
    assert len(matrix.data[0].y) == len(FAULTS)
    assert "Strict mode lifts pydantic from" in catch_rate.finding(Seen(scores))
    assert catch_rate.finding(Seen(scores[:1])) == ""


@pytest.mark.parametrize(("mode", "words"), [("default", "lose information"), ("strict", "2 conv")])
def test_the_grid_says_what_is_lost(mode: str, words: str) -> None:
    seen = Seen(options={"name": "pydantic", "mode": mode})

    assert words in coercions.finding(seen)
    assert "No conversion" in coercions.finding(Seen(options={"name": "jsonschema", "mode": mode}))


def test_a_recorded_run_is_drawn_without_the_optional_libraries(
    scores: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {**scores[0], "name": "jsonschema_rs"}
    recorded = [*scores, *({**one, "mode": mode} for mode in ("default", "strict"))]
    checks = [{"type": "check", "name": n, "us": 1.0} for n in ("handwritten", "jsonschema_rs")]
    monkeypatch.delitem(sys.modules, "velvet_validation.contenders.jsonschema_rs", raising=False)
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)

    labels = catch_rate.every_fault(recorded, "strict").data[0].x

    assert "jsonschema-rs" in labels
    assert any("jsonschema-rs" in row for row in catch_rate.beside_cost(recorded).data[1].y)
    assert catch_rate.finding(Seen(recorded))
    assert "jsonschema-rs" in speed.times_of(checks, 1).data[1].y, "with the mark of less work"


def test_the_colours_of_a_grid_are_those_of_its_legend(scores: list[dict[str, Any]]) -> None:
    for figure in (
        coercions.figure_of(coercions.grid("pydantic", "default"), "pydantic", "default"),
        catch_rate.every_fault(scores, "strict"),
    ):
        scale, legend = figure.data[0].colorscale, figure.data[1:]

        assert (scale[0][0], scale[-1][0]) == (0, 1), "Plotly takes its own scale for any other"
        assert [at for at, _ in scale] == sorted(at for at, _ in scale)
        assert [fill for _, fill in scale[::2]] == [mark.marker.color for mark in legend]


def test_speed_compares_with_the_floor() -> None:
    times = {"handwritten": 4.0, "msgspec": 2.0, "pydantic": 6.0, "cerberus": 600.0}
    checks = [{"type": "check", "name": name, "us": us} for name, us in times.items()]

    assert "**3.0x faster** than pydantic" in speed.finding(Seen(checks))
    assert speed.finding(Seen(checks[:2])) == ""
    assert speed.times_of(checks, 1).data[0].x == (1.0, 0.5, 1.5, 150.0)
    with pytest.raises(ValueError, match="choose 1 to 1000"):
        next(tasks.speeds(0))


@pytest.mark.parametrize("change", list(evolution.CHANGES))
@pytest.mark.parametrize("direction", evolution.DIRECTIONS)
def test_each_change_gets_a_verdict_in_each_direction(change: str, direction: str) -> None:
    new = json.dumps({**evolution.OLD, **evolution.CHANGES[change]})

    said = evolution.finding(Seen(options={"new": new, "direction": direction}))

    assert said.startswith(("**Safe**", "**Breaks**"))


def test_a_new_status_is_safe_for_new_code_and_breaks_old_code() -> None:
    new = json.dumps({**evolution.OLD, **evolution.CHANGES["a new status"]})

    assert "Safe" in evolution.finding(Seen(options={"new": new, "direction": "backward"}))
    assert "Breaks" in evolution.finding(Seen(options={"new": new, "direction": "forward"}))


@pytest.mark.parametrize(
    "new", ["[", "[]", '{"properties": 5}', '{"$ref": "#"}', '{"$ref": "#/nowhere"}', "[" * 99_999]
)
def test_a_text_that_is_no_schema_gets_a_reason_and_no_traceback(new: str) -> None:
    seen = Seen(options={"new": new, "direction": "full"})

    assert isinstance(evolution.changes(seen), str)
    assert evolution.finding(seen) == ""


@pytest.mark.parametrize(("version", "words"), [(1, "read: "), (3, "read: "), (9, "refused: ")])
def test_stored_orders_are_read_or_refused(version: int, words: str) -> None:
    payload, outcome = evolution.load(version)

    assert payload["version"] == version
    assert outcome.startswith(words)
