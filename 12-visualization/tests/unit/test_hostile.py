"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from velvet.hostile import Call, Fixed, HostileTests, call
from velvet_visualization import (
    browser,
    chart_test,
    contrast,
    describe,
    downsample,
    export,
    facts,
    raster,
    scene,
    spec,
    theme,
)
from velvet_visualization.errors import VisualizationError
from velvet_visualization.samples import cloud, example

CHART = cloud(2)
SCENE = scene.prepare(CHART)
FACTS = Fixed(facts.expected(SCENE))
BAR = scene.prepare(example("bar"))
COUNTS = Fixed(np.array([[0.0, 1.0], [2.0, 3.0]]))
X, Y, ENDS = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 1.0, 4.0, 1.0, 5.0, 9.0], (0.0, 5.0)
BLACK, PINK = "#000000", "#c52666"
GAP = "NaN in y is a gap, in x it is refused"


def png() -> bytes:
    """Return the bytes of a small picture."""
    Image.new("RGB", (3, 2), "white").save(out := io.BytesIO(), "PNG")
    return out.getvalue()


def in_folder(function: Callable[[Path], Any], *args: Any, of: Callable[..., Any]) -> Call:
    """Declare what writes: each call into a folder of its own, where no half file may stay."""

    def run(*given: Any) -> list[int]:
        with TemporaryDirectory() as name:
            try:
                function(Path(name), *given)
            finally:
                left = [one.name for one in Path(name).iterdir() if one.name.startswith(".")]
                assert not left
            return [one.stat().st_size for one in Path(name).rglob("*")]

    return call(run, *args).but(of=(of,), errors=(OSError,))


def thinning(function: Callable[..., Any], *rest: Any) -> tuple[Call, ...]:
    """Declare a way of thinning: x refuses NaN, y does not."""
    x, y = Fixed(np.array(X)), Fixed(np.array(Y))
    return (
        call(function, X, y, 4, *rest).but(errors=(OverflowError,)),
        call(function, x, Y, 4, *rest).but(nan=GAP, errors=(OverflowError,)),
        call(function, x, y, 4, *rest),
    )


def frame(function: Callable[..., Any]) -> tuple[Call, ...]:
    """Declare what is drawn into a frame; its arrays grow with the frame."""
    points = Fixed(np.array(X)), Fixed(np.array(Y))
    return (
        call(function, X, Y, 9, 5, Fixed(ENDS), Fixed(ENDS)).but(
            many=999, nan=GAP, errors=(OverflowError,)
        ),
        call(function, *points, 9, 5, ENDS, ENDS).but(many=999),
    )


class TestHostile(HostileTests):
    errors = (VisualizationError,)
    calls = (
        call(browser.BrowserSession, __file__, timeout_s=30.0).but(same=False),
        call(chart_test.problems, "matplotlib", Fixed(SCENE)),
        call(chart_test.pixels, png()).but(errors=(OSError,)),
        call(chart_test.compare, png(), png(), tolerance=24).but(errors=(OSError,)),
        call(contrast.linear, PINK),
        call(contrast.relative_luminance, PINK),
        call(contrast.contrast, PINK, BLACK),
        call(contrast.simulate, PINK, "protan", 0.5),
        call(contrast.lab, PINK),
        call(contrast.delta_e, PINK, BLACK),
        call(contrast.least_difference, [PINK, BLACK], "protan"),
        call(contrast.audit, [PINK, BLACK], "#ffffff", BLACK),
        call(contrast.redundant, Fixed(theme.LIGHT), 3),
        call(describe.shown, Fixed(SCENE.y), 1.5).but(nan="a gap is shown as `missing`"),
        call(describe.shown, Fixed(BAR.x), 1.5).but(nan="as above", errors=(IndexError,)),
        call(describe.data_table, Fixed(SCENE), 3),
        call(describe.accessible_html, "<html><head></head><body>a</body></html>", Fixed(SCENE)),
        call(describe.annotate_svg, "<svg></svg>", Fixed(SCENE)),
        call(describe.annotate_png, png(), Fixed(SCENE)).but(errors=(OSError,)),
        *(one for way in downsample.METHODS.values() for one in thinning(way)),
        *thinning(downsample.m4, ENDS),
        call(export.export, Fixed(CHART), "matplotlib", "svg"),
        in_folder(
            lambda folder, *given: export.export_many([CHART], *given, folder),
            "matplotlib",
            "svg",
            of=export.export_many,
        ),
        in_folder(
            lambda folder, specs: export.export_many(specs, "matplotlib", "svg", folder),
            [CHART],
            of=export.export_many,
        ).but(errors=(AttributeError,)),
        in_folder(
            lambda folder, name, content: export.atomic_write(folder / name, content),
            "chart.png",
            b"whole",
            of=export.atomic_write,
        ),
        call(export.choose, "scatter", 500),
        call(facts.series_facts, "a", PINK, X, Y, 1.5).but(
            nan="a gap is no mark", errors=(OverflowError,)
        ),
        call(facts.diff_facts, FACTS, FACTS, rtol=0.5),
        *frame(raster.line_pixels),
        *frame(raster.rasterize),
        call(raster.fidelity, Fixed(np.array(X)), Y, [0, 2, 5], 9, 5).but(
            many=999, nan=GAP, errors=(IndexError, OverflowError)
        ),
        call(raster.shade, COUNTS, [BLACK, PINK], "log"),
        call(SCENE.within, "Plotly", 500).but(of=(scene.Scene,)),
        call(SCENE.bars, 1).but(errors=(IndexError,)),
        call(scene.margin, 2.5, 9.5, "linear"),
        call(spec.clean, "speed (m/s)", 80),
        call(spec.column, X).but(nan="a gap"),
        call(
            lambda kind, data, width, bins, **texts: spec.ChartSpec(
                kind, data, spec.Channel("x"), spec.Channel("y"), width=width, bins=bins, **texts
            ).to_json(),
            "scatter",
            {"x": [1.0], "y": [2.0]},
            640,
            20,
            title="a title",
            color="",
            alt="a sentence",
        ).but(of=(spec.ChartSpec,)),
        call(spec.ChartSpec.from_json, CHART.to_json()).but(same=False),
        call(theme.Theme, (PINK, BLACK), (PINK, BLACK)).then("styles", 2),
    )
    excepted = {
        "browser.Page": "made by a session in a real browser; tests/integration",
        "raster.datashade": "arrays that Datashader checks; beside `rasterize` in tests/property",
    }
