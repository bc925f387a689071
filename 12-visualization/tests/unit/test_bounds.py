"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from velvet_visualization import contrast, describe, downsample, export, raster
from velvet_visualization.chart_test import VisualDiff, compare
from velvet_visualization.errors import PaletteError, TooManyPoints
from velvet_visualization.facts import diff_facts, expected
from velvet_visualization.scene import Axis, margin, prepare
from velvet_visualization.spec import Channel, ChartSpec, clean
from velvet_visualization.theme import LIGHT

X = np.array([0.0, 1.0, 1.0, 3.0])
DATA = {"x": [1, 2, 3], "y": [1.0, 2.0, 3.0]}
SCENE = prepare(ChartSpec("line", DATA, Channel("x"), Channel("y")))
NAMES = Axis("", "category", (-0.5, 1.5), ("a", "b"))
UNIT = (0.0, 1.0)


def png(grey: int, width: int = 1) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, 1), grey).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: contrast.simulate("#808080", "deutan", 0), "#808080"),
        (lambda: contrast.simulate("#808080", "protan"), "#808080"),
        (lambda: contrast.simulate("#808080", "deutan"), "#808080"),
        (lambda: contrast.simulate("#808080", "tritan"), "#808080"),
        (lambda: compare(png(0), png(0, 2)), VisualDiff(1.0, 255.0, (0, 0, 1, 1))),
        (lambda: compare(png(0), png(1), tolerance=0).changed, 1.0),
        (lambda: compare(png(0), png(24), tolerance=24).changed, 0.0),
        (lambda: compare(png(0), png(255), tolerance=255).changed, 0.0),
        (lambda: describe.shown(NAMES, 0), "a"),
        (lambda: describe.shown(NAMES, 1), "b"),
        (lambda: "The first 0 of 3 rows" in describe.data_table(SCENE, 0), True),
        (lambda: "The first" in describe.data_table(SCENE, 3), False),
        (lambda: downsample.every_nth(X, X, 2).tolist(), [0, 3]),
        (lambda: downsample.every_nth(X, X, 4).tolist(), [0, 1, 2, 3]),
        (lambda: raster.line_pixels(X, X, 1, 1, UNIT, UNIT).shape, (1, 1)),
        (lambda: export.choose("line", 0).way, "direct"),
        (lambda: export.choose("line", 10_000).way, "direct"),
        (lambda: export.choose("area", 10_001).way, "m4"),
        (lambda: export.choose("scatter", 100_000).way, "webgl"),
        (lambda: export.choose("scatter", 100_001).way, "raster"),
        (lambda: diff_facts(expected(SCENE), expected(SCENE), rtol=0), []),
        (lambda: diff_facts(expected(SCENE), expected(SCENE), rtol=1), []),
        (lambda: SCENE.within("any", 3) is SCENE, True),
        (lambda: list(SCENE.bars(0)[0]), [1.0, 2.0, 3.0]),
        (lambda: margin(1, 1)[0] < 1 < margin(1, 1)[1], True),
        (lambda: margin(1e-9, 1, "log")[0] > 0, True),
        (lambda: clean("abc", 1), "\u2026"),
        (lambda: clean("abc", 3), "abc"),
        (lambda: len(LIGHT.styles(6)), 6),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: contrast.simulate("#808080", "deutan", -0.01), "severity is -0.01"),
        (lambda: contrast.simulate("#808080", "deutan", 1.01), "severity is 1.01"),
        (lambda: compare(png(0), png(0), tolerance=-1), "tolerance is -1"),
        (lambda: compare(png(0), png(0), tolerance=256), "tolerance is 256"),
        (lambda: describe.shown(NAMES, -1), "category -1 of 2"),
        (lambda: describe.shown(NAMES, 2), "category 2 of 2"),
        (lambda: describe.data_table(SCENE, -1), "max_rows is -1"),
        (lambda: downsample.every_nth(X, X, 1), "at least 2"),
        (lambda: downsample.every_nth(X[::-1], X, 2), "rising order"),
        (lambda: downsample.m4(np.arange(9.0), np.arange(9.0), 4, (1.0, 0.0)), "no domain"),
        (lambda: raster.line_pixels(X, X, 0, 1, UNIT, UNIT), "no pixel"),
        (lambda: raster.line_pixels(X, X, 1, 0, UNIT, UNIT), "no pixel"),
        (lambda: raster.line_pixels(X, X, 1, 1, (0.0, 0.0), UNIT), "no domain"),
        (lambda: raster.fidelity(X, np.array([np.nan, 1, 2, 3]), np.array([0])), "no finite value"),
        (lambda: raster.line_pixels(X[::-1], X, 1, 1, UNIT, UNIT), "rising order"),
        (lambda: export.choose("line", -1), "-1 marks"),
        (lambda: diff_facts(expected(SCENE), expected(SCENE), rtol=-0.01), "rtol is -0.01"),
        (lambda: diff_facts(expected(SCENE), expected(SCENE), rtol=1.01), "rtol is 1.01"),
        (lambda: SCENE.within("any", 2), "3"),
        (lambda: SCENE.bars(-1), "series -1 of 1"),
        (lambda: SCENE.bars(1), "series 1 of 1"),
        (lambda: margin(1, 0), "no ends"),
        (lambda: margin(0, 1, "log"), "no ends of a log"),
        (lambda: clean("abc", 0), "limit is 0"),
        (lambda: LIGHT.styles(7), "keeps 6 apart"),
        (lambda: replace(LIGHT, fills=()).styles(1), "keeps 0 apart"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises((ValueError, IndexError, PaletteError, TooManyPoints), match=words):
        call()


def test_equal_names_are_told_apart() -> None:
    data = {"x": ["a", "a\x01", "a\x02", "\x03"], "y": [1.0, 2.0, 3.0, 4.0]}
    names = Channel("x", scale="category")

    scene = prepare(ChartSpec("bar", data, names, Channel("y")))

    assert scene.x.categories == ("a", "a (2)", "a (3)", "(empty)")
