"""A specification that exists can be drawn; everything else is refused with all its problems."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from velvet_visualization.errors import (
    BrowserUnavailable,
    PageTimeout,
    PaletteError,
    SpecError,
    TooManyPoints,
    UnsupportedExport,
)
from velvet_visualization.samples import example
from velvet_visualization.scene import margin, prepare
from velvet_visualization.spec import KINDS, Channel, ChartSpec, Kind, clean

X, Y = Channel("x"), Channel("y")
LOG = Channel("y", scale="log")
TIME = Channel("t", scale="time")
CATEGORY = Channel("c", scale="category")
ONE = [1.0, 2.0, 3.0]
UTC = timezone.utc


@pytest.mark.parametrize(
    ("kind", "data", "x", "y", "problems"),
    [
        ("pie", {"x": ONE}, X, Y, ["/kind: 'pie' is none of"]),
        ("scatter", {}, X, Y, ["/data: there is no row"]),
        ("scatter", {"x": [], "y": []}, X, Y, ["/data: there is no row"]),
        ("scatter", {"x": ONE, "y": [1.0]}, X, Y, ["differ in length (x 3, y 1)"]),
        ("scatter", {"a/b": ONE}, X, Y, ["/x/field: there is no", "/y/field: there is no"]),
        ("scatter", {"x": ONE, "y": [np.nan] * 3}, X, Y, ["/y/field: no finite number"]),
        ("scatter", {"x": ONE, "y": [0.0, -1, 2]}, X, LOG, ["above 0 (2 are not)"]),
        ("scatter", {"x": ONE, "y": [1e301, 0, 0]}, X, Y, ["leave no room"]),
        ("scatter", {"x": ["a"] * 3, "y": ONE}, X, Y, ["a linear scale needs numbers"]),
        ("scatter", {"x": [10**400], "y": [1]}, X, Y, ["/data/x: an integer is too large"]),
        ("scatter", {"x": [1, "a"], "y": [1, 2]}, X, Y, ["/data/x: numbers, text or moments"]),
        ("scatter", {"x": np.ones((2, 2)), "y": ONE}, X, Y, ["/data/x: one dimension"]),
        ("scatter", {"x": np.array([1j]), "y": ONE}, X, Y, ["/data/x: numbers, text"]),
        ("scatter", {1: ONE, "y": ONE}, Channel(1), Y, ["/data/1: text", "/x/field: text"]),  # type: ignore[arg-type]
        ("scatter", {"x": ONE, "y": [5e-324, 1, 1]}, X, LOG, ["between 1e-270 and 1e270"]),
        ("histogram", {"x": ONE}, X, Channel("", scale="log"), ["/y/scale: a histogram takes lin"]),
        ("histogram", {"x": ONE}, X, Channel("", domain=(9, 0)), ["/y/domain: (9, 0)"]),
        (
            "line",
            {"t": np.array([2**40], "M8[Y]"), "y": [1]},
            TIME,
            Y,
            ["/data/t: a moment is too"],
        ),
        (
            "line",
            {"t": [datetime(2026, 1, 1, tzinfo=UTC)], "y": [1]},
            Channel("t", scale="time", domain=(0, 1e300)),
            Y,
            ["/x/domain"],
        ),
        ("bar", {"c": ONE, "y": ONE}, CATEGORY, Y, ["/x/field: a category is text"]),
        ("bar", {"x": ONE, "y": ONE}, X, Y, ["/x/scale: a bar takes category, not 'linear'"]),
        ("bar", {"c": list(map(str, range(201))), "y": range(201)}, CATEGORY, Y, ["than 200"]),
        ("line", {"t": ONE, "y": ONE}, TIME, Y, ["a time scale needs moments"]),
        ("line", {"t": [datetime(1, 1, 1, tzinfo=UTC)], "y": [1]}, TIME, Y, ["1 moments outside"]),
        (
            "line",
            {"t": [datetime(9999, 1, 1, tzinfo=UTC)], "y": [1]},
            TIME,
            Y,
            ["1 moments outside"],
        ),
        ("line", {"t": np.array(["NaT"], "M8[s]"), "y": [1]}, TIME, Y, ["no moment at all"]),
        (
            "line",
            {"t": [datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))], "y": [1]},
            TIME,
            Y,
            ["/data/t: 0001-01-01 00:00:00+05:00 has no UTC time"],
        ),
        ("heatmap", {"c": ["a"], "y": ["b"]}, CATEGORY, Channel("y", scale="category"), ["/color"]),
    ],
)
def test_bad_data_is_refused_with_a_path(
    kind: Any, data: Any, x: Channel, y: Channel, problems: list[str]
) -> None:
    with pytest.raises(SpecError) as caught:
        ChartSpec(kind, data, x, y)

    for problem in problems:
        assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"width": 5}, "/width: 5 is not between 100 and 4000"),
        ({"height": 1e9}, "/height"),
        ({"bins": 0}, "/bins: 0"),
        ({"color": "none"}, "/color: there is no column 'none'"),
        ({"x": Channel("x", domain=(2, 1))}, "/x/domain: (2, 1)"),
        ({"y": Channel("y", scale="log", domain=(0, 1))}, "/y/domain"),
        ({"x": Channel("x", domain=(0, float("nan")))}, "/x/domain"),
        ({"x": Channel("x", domain=(0, 10**400))}, "/x/domain"),
        ({"x": Channel("x", domain=(-1e308, 1e308))}, "/x/domain"),
        ({"x": Channel("x", domain=(1.0, 1.0 + 2e-16))}, "/x/domain"),
        ({"x": Channel("x", domain=5)}, "/x/domain: 5"),
        ({"x": "x"}, "/x: a Channel is needed, not 'x'"),
        ({"title": None}, "/title: text is needed, not None"),
        ({"color": "x"}, "/color: series are told apart by text"),
    ],
)
def test_bad_settings_are_refused_too(change: Any, problem: str) -> None:
    with pytest.raises(SpecError, match=r"^/") as caught:
        ChartSpec("scatter", {"x": ONE, "y": ONE}, **{"x": X, "y": Y, **change})

    assert problem in str(caught.value)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        ChartSpec("scatter", {"x": ["a"], "y": [np.inf]}, X, Y, "z", width=1, bins=0)

    assert len(caught.value.problems) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_json_brings_the_same_chart_back(kind: Kind) -> None:
    spec = example(kind)

    again = ChartSpec.from_json(spec.to_json())

    assert again.to_json() == spec.to_json()
    assert prepare(again).marks == prepare(spec).marks


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "/: no JSON"),
        ("[" * 100_000, "/: no JSON"),
        ("[]", "/version: must be 1"),
        ('{"version": 2}', "/version"),
        ('{"version": 1}', "/: not the fields of a chart"),
        ('{"version": 1, "x": {"field": 1, "no": 2}, "y": {"field": ""}}', "/: not the fields"),
        ('{"version": 1, "kind": "line", "data": {}, "x": {"field": "a"}, "y": {"field": "b"}}',
         "no row"),
    ],
)  # fmt: skip
def test_json_that_is_no_chart_is_refused(text: str, problem: str) -> None:
    with pytest.raises(SpecError, match=r"^/") as caught:
        ChartSpec.from_json(text)

    assert problem in str(caught.value)


def test_moments_become_utc_and_missing_ones_are_gaps() -> None:
    east = datetime(2026, 1, 1, 5, tzinfo=timezone(timedelta(hours=5)))
    spec = ChartSpec("line", {"t": [east, None], "y": [1, 2]}, TIME, Y)

    assert spec.data["t"][0] == np.datetime64("2026-01-01T00:00")
    assert prepare(spec).marks == 1


def test_text_that_only_looks_like_moments_stays_text() -> None:
    spec = ChartSpec("bar", {"c": ["2026-99-99T00:00:00Z"], "y": [1]}, CATEGORY, Y)

    assert spec.data["c"].dtype.kind == "U"


def test_a_label_is_shortened_and_has_no_control_characters() -> None:
    assert clean("a\x00b\nc\ud800\ufffe\uffff") == "abc"
    assert len(clean("x" * 10_000)) == 80
    assert clean("x" * 10_000).endswith("\u2026")


def test_two_bars_in_one_place_are_refused() -> None:
    spec = ChartSpec("bar", {"c": ["a", "a"], "y": [1, 2]}, CATEGORY, Y)

    with pytest.raises(SpecError, match="1 marks of a bar lie on another"):
        prepare(spec)


@pytest.mark.parametrize("values", [[1.0, 1 + 2e-16], [1e300] * 9, [1e16, 1e16 + 2]])
def test_a_histogram_without_room_for_its_bins_is_refused(values: list[float]) -> None:
    with pytest.raises(SpecError, match=r"^/bins: the values are too close to make 20 bins"):
        prepare(ChartSpec("histogram", {"x": values}, X))


def test_rows_of_which_none_is_whole_are_refused() -> None:
    spec = ChartSpec("scatter", {"x": [1, np.nan], "y": [np.nan, 1]}, X, Y)

    with pytest.raises(SpecError, match=r"^/data: no row has all that a mark needs"):
        prepare(spec)


def test_cells_that_no_scale_can_span_are_refused() -> None:
    data = {"c": ["a", "b"], "y": ["c", "d"], "v": [1e308, -1e308]}

    with pytest.raises(SpecError, match=r"^/color: numbers above 1e300"):
        ChartSpec("heatmap", data, CATEGORY, Channel("y", scale="category"), "v")


def test_what_is_masked_is_a_gap_and_sizes_of_numpy_are_sizes() -> None:
    masked = np.ma.masked_array([1.0, 2, 3], mask=[False, True, False])
    spec = ChartSpec("line", {"x": ONE, "y": masked}, X, Y, width=np.int64(200))  # type: ignore[arg-type]

    assert prepare(spec).marks == 2
    assert '"width": 200,' in spec.to_json()


def test_more_series_than_colours_are_refused() -> None:
    names = [f"s{n}" for n in range(12)]
    spec = ChartSpec("scatter", {"x": range(12), "y": range(12), "s": names}, X, Y, "s")

    with pytest.raises(PaletteError, match="12 series, but the palette keeps 6 apart"):
        prepare(spec)


@pytest.mark.parametrize(
    ("low", "high", "options", "domain"),
    [
        (0, 100, {}, (-5, 105)),
        (3, 3, {}, (2.5, 3.5)),
        (10, 10, {}, (9.5, 10.5)),
        (1, 1 + 2e-16, {}, (0.5, 1.5)),
        (1, 100, {"scale": "log"}, (10**-0.1, 10**2.1)),
        (2, 10, {"from_zero": True}, (0, 10.5)),
        (-10, -2, {"from_zero": True}, (-10.5, 0)),
    ],
)
def test_a_domain_has_room_around_its_marks(
    low: float, high: float, options: Any, domain: tuple[float, float]
) -> None:
    assert margin(low, high, **options) == pytest.approx(domain)


def test_names_that_become_equal_stay_apart() -> None:
    long = "x" * 100
    data = {"x": [1, 2], "y": [1, 2], "s": [long + "a", long + "b"]}
    bars = {"c": [long + "a", long + "b", ""], "y": [1, 2, 3]}

    series = prepare(ChartSpec("scatter", data, X, Y, "s")).series
    categories = prepare(ChartSpec("bar", bars, CATEGORY, Y)).x.categories

    assert series[0].name != series[1].name
    assert len(set(categories)) == 3
    assert categories[2] == "(empty)"


@pytest.mark.parametrize(
    "error",
    [
        SpecError(["/a: b", "/c: d"]),
        PaletteError(12, 6),
        TooManyPoints("Altair", 10**7, 10**5),
        TooManyPoints(library="Altair", points=10**7, limit=10**5),
        UnsupportedExport("Bokeh", "gif", ("png",)),
        BrowserUnavailable("no browser found"),
        PageTimeout(2.0),
    ],
)
def test_every_error_survives_pickling(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error)
    assert vars(again) == vars(error)
