"""Four libraries draw what the scene says, and nothing that a hostile label says."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from functools import lru_cache
from typing import Any

import matplotlib
import numpy as np
import pytest
from defusedxml import ElementTree
from matplotlib.legend import Legend

from velvet_visualization import chart_test
from velvet_visualization.contender import Contender
from velvet_visualization.contenders import NAMES, load
from velvet_visualization.describe import alt_text
from velvet_visualization.errors import (
    BrowserUnavailable,
    SpecError,
    TooManyPoints,
    UnsupportedExport,
)
from velvet_visualization.export import capability_matrix, choose, export, reduce
from velvet_visualization.facts import diff_facts, expected
from velvet_visualization.samples import HOSTILE, cloud, example, line
from velvet_visualization.scene import prepare
from velvet_visualization.spec import KINDS, Channel, ChartSpec, Kind
from velvet_visualization.theme import DARK

X, Y = Channel("x"), Channel("y")


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_shows_what_the_data_say(name: str, kind: Kind) -> None:
    assert chart_test.problems(name, prepare(example(kind))) == []


def test_the_dark_theme_changes_colours_and_nothing_else(name: str, library: Contender) -> None:
    scene = prepare(example("bar"), DARK)

    found = diff_facts(expected(prepare(example("bar"))), library.facts(library.build(scene)))

    assert len(found) == 3
    assert all(" color: " in one for one in found)


@pytest.mark.parametrize(
    ("data", "y"),
    [
        ({"x": [1.0], "y": [2.0]}, Y),
        ({"x": [1.0, 2, 3, 4], "y": [1.0, np.nan, np.inf, 4]}, Y),
        ({"x": [1.0, 2, 3], "y": [7.0, 7, 7]}, Y),
        ({"x": [1.0, 2, 3], "y": [0.001, 10, 1e6]}, Channel("y", scale="log")),
        ({"x": [1.0, 2], "y": [1e-200, 2e-200]}, Y),
        ({"x": [1.0, 2], "y": [1e-200, 1e200]}, Channel("y", scale="log")),
        ({"x": [1e15, 1e15 + 1], "y": [1.0, 1 + 2e-16]}, Y),
        ({"x": [3.0, 1, 2], "y": [1.0, 2, 3]}, Y),
        ({"x": [1.0, 2], "y": [5.0, 9]}, Channel("y", domain=(0, 100))),
    ],
)
@pytest.mark.parametrize("kind", ["scatter", "line", "area"])
def test_odd_numbers_are_drawn_the_same_by_all(
    name: str, kind: Kind, data: Any, y: Channel
) -> None:
    if kind == "area" and y.scale == "log":
        with pytest.raises(SpecError, match="an area takes linear"):
            ChartSpec(kind, data, X, y)
        return
    assert chart_test.problems(name, prepare(ChartSpec(kind, data, X, y, title="odd"))) == []


def tags(page: str) -> list[int]:
    """Count what a label must not add to a page."""
    return [len(re.findall(tag, page)) for tag in (r"<script\b", "</script>", r"<img\b", "<b>")]


@lru_cache(maxsize=4)
def tags_of_a_plain_page(name: str) -> list[int]:
    """Count the same in a page whose labels are harmless."""
    return tags(export(cloud(3), name, "html").decode())


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")
@pytest.mark.filterwarnings("ignore:Matplotlib currently does not support:UserWarning")
@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_are_text(name: str, library: Contender, label: str) -> None:
    text = HOSTILE[label]
    data = {text or "x": [1.0, 2, 3], "y": [1.0, 2, 3], "s": [text, text + "b", "c"]}
    axes = Channel(text or "x", text), Channel("y", text)
    scene = prepare(ChartSpec("scatter", data, *axes, "s", title=text))

    assert chart_test.problems(name, scene) == []
    page = export(scene, name, "html").decode()
    assert tags(page) == tags_of_a_plain_page(name)
    assert "<img src=x" not in page
    if not library.EXPORTS["svg"].browser:
        root = ElementTree.fromstring(export(scene, name, "svg"))
        assert not [one for one in root.iter() if one.tag.endswith("script")]


def test_a_letter_that_the_font_lacks_is_reported() -> None:
    scene = prepare(ChartSpec("scatter", {"x": [1], "y": [1]}, X, Y, title=HOSTILE["emoji"]))

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")  # older releases say a second thing about some letters
        export(scene, "matplotlib", "png")

    assert any(re.match(r"Glyph \d+ .*missing from font", str(one.message)) for one in told)


@pytest.mark.parametrize("bug", chart_test.BUGS)
def test_the_chart_test_finds_each_of_seven_bugs(name: str, bug: str) -> None:
    scene = prepare(cloud(60))
    broken = load(name).build(chart_test.BUGS[bug](scene))

    assert chart_test.problems(name, scene, broken) != []


def test_a_bar_that_does_not_stand_on_zero_is_found() -> None:
    spec = ChartSpec(
        "bar",
        {"c": ["a"], "y": [9.0]},
        Channel("c", scale="category"),
        Channel("y", domain=(8, 10)),
    )

    assert "exaggerate" in chart_test.problems("matplotlib", prepare(spec))[0]


def test_a_picture_test_is_fooled_by_a_font_and_the_facts_are_not() -> None:
    library, scene = load("matplotlib"), prepare(cloud(60))
    before = library.export(library.build(scene), "png")
    with matplotlib.rc_context({"font.family": "DejaVu Serif"}):
        figure = library.build(scene)
        after = library.export(figure, "png")

    assert chart_test.compare(before, after).changed > 0.001
    assert chart_test.problems("matplotlib", scene, figure) == []
    assert chart_test.compare(before, before) == chart_test.VisualDiff(0.0, 0.0, None)


def test_pictures_of_different_sizes_differ_everywhere() -> None:
    small, large = (
        export(ChartSpec("scatter", {"x": [1], "y": [1]}, X, Y, width=w), "matplotlib", "png")
        for w in (200, 300)
    )

    assert chart_test.compare(small, large).changed == 1.0


@pytest.mark.parametrize("spec", [line(10_000), cloud(120_000)])
def test_what_is_too_much_is_refused_or_reduced(spec: ChartSpec) -> None:
    scene = prepare(spec)

    if scene.marks > load("altair").LIMIT:
        with pytest.raises(TooManyPoints, match=r"use reduce\(spec\)"):
            load("altair").build(scene)
    small = reduce(spec if spec.kind == "line" else scene)
    if spec.kind == "scatter":
        assert small.kind == "heatmap"
        assert small.series[0].value is not None
        assert small.series[0].value.sum() == 120_000
        assert all(chart_test.problems(name, small) == [] for name in NAMES)


def test_ten_million_points_become_a_picture_that_any_library_carries() -> None:
    x = np.arange(10_000_000, dtype=float)
    y = np.sin(x / 1e5)
    y[len(x) // 3] = 5
    scene = prepare(ChartSpec("line", {"x": x, "y": y}, X, Y, title="long"))

    small = reduce(scene)

    assert small.marks <= 4 * scene.width + 2
    assert np.nanmax(small.series[0].y) == 5
    for name in NAMES:
        assert chart_test.problems(name, small) == []
        with pytest.raises(TooManyPoints):
            load(name).build(scene)


@pytest.mark.parametrize(
    ("kind", "marks", "way"),
    [
        ("bar", 10**6, "direct"),
        ("line", 10**4, "direct"),
        ("line", 10**5, "m4"),
        ("scatter", 5 * 10**4, "webgl"),
        ("scatter", 10**6, "raster"),
    ],
)
def test_the_way_follows_kind_and_number(kind: str, marks: int, way: str) -> None:
    assert choose(kind, marks).way == way
    assert choose(kind, marks).reason
    with pytest.raises(ValueError, match="kinds are line, scatter"):
        choose("pie", marks)


def test_an_unknown_format_or_library_is_refused(name: str, library: Contender) -> None:
    scene = prepare(cloud(3))

    with pytest.raises(UnsupportedExport, match="writes no 'gif': choose one of png, svg"):
        export(scene, name, "gif")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedExport):
        library.export(library.build(scene), "gif")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="known are altair, bokeh, matplotlib, plotly"):
        load("seaborn")


def test_a_browser_engine_without_a_session_says_so() -> None:
    for name in ("plotly", "bokeh"):
        with pytest.raises(BrowserUnavailable, match="no session was given"):
            load(name).export(load(name).build(prepare(cloud(3))), "png")


def test_the_matrix_has_a_row_for_each_library_and_format() -> None:
    rows = capability_matrix()

    assert len(rows) == len(NAMES) * 4
    assert all(row.available for row in rows if not row.browser)


PROGRAM = """
import hashlib
from velvet_visualization.contender import FORMATS
from velvet_visualization.contenders import NAMES, load
from velvet_visualization.samples import example
from velvet_visualization.scene import prepare
for name in NAMES:
    for fmt in FORMATS:
        engine = load(name).EXPORTS[fmt]
        if engine.deterministic and not engine.browser:
            made = load(name).export(load(name).build(prepare(example("line", 30))), fmt)
            print(name, fmt, hashlib.sha256(made).hexdigest())
"""


@pytest.mark.timeout(180)  # two processes import four libraries each
def test_two_processes_write_the_same_bytes_where_it_is_promised() -> None:
    """Both are fresh: ids in Altair's SVG and Bokeh's page count what was drawn before."""
    words = [sys.executable, "-c", PROGRAM]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    here, there = (one.communicate()[0] for one in started)

    assert here == there
    promised = [
        f"{name} {fmt}"
        for name in NAMES
        for fmt, engine in load(name).EXPORTS.items()
        if engine.deterministic and not engine.browser
    ]
    assert [line.rpartition(" ")[0] for line in here.splitlines()] == promised


def test_a_page_reaches_for_nothing_outside_itself(name: str) -> None:
    page = export(cloud(30), name, "html").decode()

    outside = re.findall(r"<(?:script|link|img)\b[^>]*\b(?:src|href)=[\"']https?:", page)
    assert not outside
    assert '<html lang="en">' in page
    assert 'role="img" aria-label="Scatter plot' in page
    assert "<th scope=" in page


def test_the_svg_says_what_it_shows() -> None:
    scene = prepare(example("bar"))

    for name in ("matplotlib", "altair"):
        root = ElementTree.fromstring(export(scene, name, "svg"))
        titles = [one.text for one in root.iter() if one.get("id") == "chart-desc"]
        assert titles == [alt_text(scene)]
        assert root.get("role") == "img"


def test_a_legend_beside_many_marks_is_not_compared_with_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load("matplotlib"), "BEST_PLACE_UP_TO", 20)
    few, many = (load("matplotlib").build(prepare(cloud(n))).axes[0] for n in (20, 21))

    places = [one.get_legend()._loc for one in (few, many)]

    assert places == [Legend.codes["best"], Legend.codes["upper right"]]


def test_strokes_are_drawn_with_all_their_contrast() -> None:
    for name in ("matplotlib", "altair"):
        drawn = export(cloud(9), name, "svg").decode().lower()
        assert re.search(rf"stroke(=\"|: ){prepare(cloud(9)).theme.strokes[0]}", drawn)
        assert 'opacity="0.7' not in drawn


def test_the_pdf_is_one_page() -> None:
    for name in ("matplotlib", "altair"):
        made = export(example("area"), name, "pdf")
        assert made.startswith(b"%PDF-1.")
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", made)) == 1
