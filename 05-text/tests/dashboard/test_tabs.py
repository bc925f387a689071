"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from velvet.testing import without_tracing
from velvet.ui import child, kit, runs
from velvet.ui.kit import Seen
from velvet_text import audit, deadline, engines, pitfalls
from velvet_text.dashboard import decoder, pitfall_list, race, regex_lab, tables, tasks, x_ray


@pytest.fixture(scope="module")
def attack() -> list[dict[str, Any]]:
    return list(tasks.lab("^(a+)+$", "", 0.6))


def test_the_lab_audits_attacks_and_fits(attack: list[dict[str, Any]]) -> None:
    kinds = [event["type"] for event in attack]
    said = regex_lab.finding(Seen(attack))

    assert kinds[:2] == ["plan", "audit"]
    assert {"point", "fit", "stopped"} <= set(kinds)
    assert "re needs **2^(1" in said
    assert regex_lab.finding(Seen(attack[:3])) == ""


def test_the_curves_have_an_engine_each_and_a_cross(attack: list[dict[str, Any]]) -> None:
    seen = Seen(attack)

    figure = regex_lab.figure_of(seen.of("point"), seen.of("stopped"))

    assert [line.name for line in figure.data] == ["re", "regex", "re2", "killed at the next size"]


def test_what_an_engine_lacks_and_what_is_no_pattern() -> None:
    events = list(tasks.lab(r"(a)\1x", "ab", 0.5))

    assert [one["engine"] for one in events if one["type"] == "unsupported"] == ["re2"]
    assert events[1]["own"]
    for wrong in ("", "(", "(" * 150):
        with pytest.raises(ValueError, match=r"pattern"):
            list(tasks.lab(wrong, "", 0.5))


def test_the_page_itself_neither_reads_nor_runs_the_pattern(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("a pattern reached the process of the page")

    for module, name in ((audit, "Positions"), (deadline, "engine"), (engines, "engine")):
        monkeypatch.setattr(module, name, refuse)
    monkeypatch.setattr(runs, "store", lambda: None)
    folder = Path(__file__).parents[2]
    monkeypatch.chdir(folder)
    with without_tracing():
        app = AppTest.from_file(str(folder / "app.py"), default_timeout=120)
        app.session_state[kit.TAB_KEY] = regex_lab.TAB.name
        app.run()
        app.button(key=f"{regex_lab.TAB.slug}-start").click().run()

    started = runs.find(child.name_of(tasks.lab), {})
    assert started.job is not None
    started.job.stop()
    assert [one.value for one in (*app.exception, *app.error)] == []


@pytest.mark.parametrize("subject", list(tasks.SUBJECTS))
def test_every_race_has_its_contenders(subject: str) -> None:
    events = list(tasks.race(subject, 10))
    times = Seen(events).of("time")

    assert len(times) == events[0]["total"]
    assert race.figure_of(times, subject, 10).data[0].y
    assert "wins" in race.finding(Seen(events))
    cheat = {"type": "time", "name": "naive_in", "ms": 1e-9}
    assert "naive_in" not in race.finding(Seen([*events, cheat]))
    assert race.finding(Seen(events[:2])) == ""


def test_x_ray_counts_and_warns() -> None:
    seen = Seen(options={"text": "p\u0430ypal 👨‍👩‍👧"})

    assert "A reader sees **8**" in x_ray.finding(seen)
    assert "1 dangerous place." in x_ray.finding(seen)
    assert x_ray.rows("\ud800")[0]["UTF-8"] == "ed a0 80"
    assert x_ray.boxes("<é").count("<span") == 2


def test_a_table_escapes_what_it_shows() -> None:
    made = tables.markup([{"<b>": "<script>"}])

    assert "&lt;b&gt;" in made
    assert "<script>" not in made
    assert tables.markup([]) == ""


@pytest.mark.parametrize(
    ("cell", "style"),
    [
        ("U+1F468", "white-space:nowrap"),
        ("latin small letter a", "overflow-wrap:normal"),
        ("\\U0001f468\\u200d\\U0001f469", "overflow-wrap:anywhere"),
        (" " * 40, "overflow-wrap:normal"),
    ],
)
def test_a_cell_breaks_only_where_it_must(cell: str, style: str) -> None:
    assert style in tables.markup([{"x": cell}]).partition("<td")[2]


@pytest.mark.parametrize("name", list(decoder.SAMPLES))
def test_every_sample_is_read_by_every_way(name: str) -> None:
    seen = Seen(options={"bytes": decoder.SAMPLES[name].hex()})

    assert len(decoder.rows(decoder.SAMPLES[name])) == 3
    assert "read" in decoder.finding(seen)


def test_the_catalogue_is_counted() -> None:
    every = pitfall_list.finding(Seen(options={"words": "", "area": ""}))

    assert f"**{len(pitfalls.CATALOGUE)}** entries" in every
    assert f"{len(pitfalls.CATALOGUE)} of them go wrong" in every
    assert "Nothing" in pitfall_list.finding(Seen(options={"words": "zzz", "area": ""}))
