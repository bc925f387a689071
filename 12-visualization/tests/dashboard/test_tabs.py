"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from velvet.ui.kit import Seen
from velvet_visualization import browser
from velvet_visualization.browser import find_browser
from velvet_visualization.contender import FORMATS
from velvet_visualization.contenders import load
from velvet_visualization.dashboard import accessible, bugs, fidelity_lab, four, scaling, tasks
from velvet_visualization.spec import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_four_of_a_kind_says_that_all_are_the_same(kind: str) -> None:
    seen = Seen(options={}, wanted={"kind": kind})

    assert "**4 of 4** libraries show the same facts" in four.finding(seen)
    assert "same facts" in four.badge("plotly", kind, 300)


def test_a_difference_is_shown_with_its_first_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(four, "differences", lambda *_: ["title: <b> is not 'a'"])

    shown = four.badge("plotly", "bar", 300)

    assert "1 fact differs: title: &lt;b&gt;" in shown
    assert "MB page" in shown


@pytest.mark.parametrize("name", ["altair", "bokeh", "matplotlib", "plotly"])
def test_a_cloud_of_another_size_is_drawn_and_exported(name: str) -> None:
    formats = {"png": b"\x89PNG", "svg": b"<", "pdf": b"%PDF", "html": b"<"}
    written = [fmt for fmt in FORMATS if not load(name).EXPORTS[fmt].browser]

    files = {fmt: four.exported(name, "scatter", 3_000, fmt) for fmt in written}

    assert "html" in files
    assert all(data.lstrip().startswith(formats[fmt]) for fmt, data in files.items())
    assert len(files["html"]) > len(four.exported(name, "scatter", 300, "html"))
    assert four.differences(name, "scatter", 3_000) == []


def test_costs_of_another_size_are_not_shown_for_this_one() -> None:
    seen = Seen(options={"kind": "scatter", "points": 300}, wanted={"kind": "scatter"})

    assert four.shown(seen)
    assert not four.shown(replace(seen, wanted={"kind": "scatter", "points": 3_000}))
    assert not four.shown(replace(seen, wanted={"kind": "bar", "points": 300}))


def test_what_is_not_measured_yet_is_a_dash() -> None:
    page = {"type": "page", "name": "plotly", "ms": 4.2}
    cost = {"type": "cost", "name": "plotly", "ready_ms": 1, "dom_nodes": 2000, "heap_mb": 3}

    first, last = (four.costs(Seen(events)) for events in ([page], [page, cost]))

    assert [*first[0].values()] == ["Plotly", "4 ms", "-", "-", "-"]
    assert [*last[0].values()] == ["Plotly", "4 ms", "1 ms", "2,000", "3.0 MB"]


@pytest.mark.leaves("the browser of the task ends with its session")
def test_each_page_is_asked_what_it_costs() -> None:
    found = list(tasks.in_browser("scatter", 50))

    assert [one["differ"] for one in found if one["type"] == "page"] == [[]] * 4
    if find_browser() is None:
        assert "apt install" in found[-1]["words"]
        return
    costs = [one for one in found if one["type"] == "cost"]
    assert {one["name"] for one in costs} == {"altair", "bokeh", "matplotlib", "plotly"}
    seen = Seen(found, options={"kind": "scatter"}, wanted={"kind": "scatter"})
    assert "answers no pointer" in four.finding(seen)


def test_without_a_browser_the_pages_are_still_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "find_browser", lambda: None)

    found = list(tasks.in_browser("bar"))

    assert [one["differ"] for one in found if one["type"] == "page"] == [[]] * 4
    assert "apt install chromium" in found[-1]["words"]
    assert "4 of 4" in four.finding(Seen(found, options={"kind": "bar"}, wanted={"kind": "bar"}))


def test_files_grow_and_are_drawn() -> None:
    found = list(tasks.grow(300))
    seen = Seen(found)

    files = seen.of("file")
    assert len(files) == 4 + 1 + 1 + 4
    assert scaling.finding(seen) == scaling.finding(Seen()) == ""  # one size does not grow
    later = [
        {**one, "n": 3000, "bytes": one["bytes"] * (9 if one["fmt"] == "svg" else 1)}
        for one in files
    ]
    said = scaling.finding(Seen([*files, *later]))
    assert re.match(
        r"From 300 points to 3,000 \w+ SVG grows \*\*9 times\*\*, .* 1\.0 times\.", said
    )
    assert len(scaling.curves(files, "bytes", "t", "u").data) == len(files)
    with pytest.raises(ValueError, match="choose 300 to 100000"):
        next(tasks.grow(1))


@pytest.mark.parametrize(("way", "verb"), [("every_nth", "**loses**"), ("m4", "keeps the spike")])
def test_the_lab_counts_pixels(way: str, verb: str) -> None:
    options = {"way": way, "points": 1600}

    assert verb in fidelity_lab.finding(Seen(options=options))
    shown = set(fidelity_lab.overlay(way, 1600).data[0].z.ravel())
    assert shown == {0.0, 1.0, 2.0} if way == "every_nth" else {0.0, 1.0}


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("", "fails: a mark has a contrast of 1.03"),
        ("#000000 #ff0000", "passes|fails"),
        ("red blue", "^$"),
    ],
)
def test_a_palette_is_judged(own: str, words: str) -> None:
    said = accessible.finding(Seen(options={"name": "brewer_pastel1", "own": own}))

    assert re.search(words, said)
    assert accessible.strip(("#112233", "#445566")).count("border-radius:50%") == 8


def test_every_bug_is_named() -> None:
    assert "the test is silent" in bugs.finding(Seen(options={"bug": bugs.NOTHING}))
    said = bugs.finding(Seen(options={"bug": "two colours are swapped"}))
    assert "The facts say **north color" in said
