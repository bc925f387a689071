"""Fewer points than pixels: what each way of thinning costs, changes and keeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Metric, Suite, ratio, value
from velvet_visualization.comparisons import NEEDS
from velvet_visualization.downsample import METHODS
from velvet_visualization.raster import datashade, fidelity, line_pixels, rasterize
from velvet_visualization.samples import cloud, walk

WIDTH, HEIGHT = 800, 300
KEPT = 4 * WIDTH
POINTS = 1_000_000


def _thin(name: str, n: int) -> Callable[[], Any]:
    x, y = walk(n)
    return lambda: METHODS[name](x, y, KEPT).dtype.kind


def _changed(name: str, n: int) -> Callable[[], dict[str, Any]]:
    x, y = walk(n)
    thin = METHODS[name]

    def run() -> dict[str, Any]:
        kept = thin(x, y, KEPT)
        found = fidelity(x, y, kept, WIDTH, HEIGHT)
        spike = int(np.argmax(y)) in kept
        return {
            "changed": 100 * found.changed / found.drawn,
            "points": float(found.points),
            "spike": "kept" if spike else "lost",
            "extremes": "kept" if found.extremes_kept else "lost",
        }

    return run


def _dotted(n: int) -> Callable[[], dict[str, Any]]:
    """Return what counting the points, instead of connecting them, makes of a line."""
    x, y = walk(n)
    frame = (WIDTH, HEIGHT, (float(x[0]), float(x[-1])), (float(y.min()), float(y.max())))

    def run() -> dict[str, Any]:
        whole, dots = line_pixels(x, y, *frame), rasterize(x, y, *frame) > 0
        top, bottom = dots[-1].any(), dots[0].any()
        return {
            "changed": 100 * float((whole ^ dots).sum() / whole.sum()),
            "points": float(dots.sum()),
            "spike": "kept" if top else "lost",
            "extremes": "kept" if top and bottom else "lost",
        }

    return run


def _cloud() -> tuple[Any, ...]:
    spec = cloud(POINTS)
    x, y = spec.data["speed"], spec.data["cost"]
    frame = (640, 480, (float(x.min()), float(x.max())), (float(y.min()), float(y.max())))
    return x, y, *frame


def _counted(count: Callable[..., Any]) -> Callable[[], Any]:
    arguments = _cloud()
    count(arguments[0][:10], arguments[1][:10], *arguments[2:])
    return lambda: float(count(*arguments).sum())


def _cold() -> Callable[[], Any]:
    arguments = _cloud()
    return lambda: float(datashade(*arguments).sum())


def _scatter(*, best_place: bool = False) -> Callable[[], Any]:
    from velvet_visualization.contenders import load
    from velvet_visualization.scene import prepare

    scene, library = prepare(cloud(POINTS)), load("matplotlib")

    def run() -> float:
        figure = library.build(scene)
        if best_place:
            figure.axes[0].get_legend().set_loc("best")
        library.export(figure, "png")
        return float(scene.marks)

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    speed = suite.comparison(
        "thin_speed",
        title=f"Thinning a line to {KEPT:,} points",
        unit="ms",
        sizes={"n": [10_000, 100_000, POINTS]},
        quick=lambda n: n == 100_000,
        default=lambda n: n >= 100_000,
        rounds={"quick": 5, "default": 8, "full": 20},
    )
    speed.same_result()
    lossy = suite.comparison(
        "thin_fidelity",
        title=f"A thinned line beside the whole one, {WIDTH} x {HEIGHT} pixels",
        kind="value",
        sizes={"n": [10_000, 100_000, POINTS]},
        metrics={"changed": "%", "points": "points", "spike": "label", "extremes": "label"},
        quick=lambda n: n < POINTS,
    )
    for name in METHODS:
        speed.add(name, partial(_thin, name), baseline=name == "every_nth")
        lossy.add(name, partial(_changed, name), baseline=name == "every_nth")
    lossy.add("rasterize", _dotted, note="pixels that hold a point, without the line between")
    counted = suite.comparison(
        "cloud",
        title=f"A cloud of {POINTS:,} points as a picture of 640 x 480",
        kind="run",
        unit="ms",
        metrics={"points": Metric("points", "higher")},
        rounds={"quick": 2, "default": 2, "full": 10},
    )
    counted.add("matplotlib", _scatter, needs=NEEDS["matplotlib"], baseline=True)
    counted.add(
        "matplotlib_best_legend",
        partial(_scatter, best_place=True),
        needs=NEEDS["matplotlib"],
        note="its default: the legend stands where it covers the fewest points",
        tier="default",
    )
    counted.add("rasterize", partial(_counted, rasterize), note="counts only, nothing is drawn")
    peer: dict[str, Any] = {"needs": "datashader", "tier": "default"}
    counted.add("datashader", partial(_counted, datashade), note="counts only", **peer)
    counted.add("datashader_cold", _cold, note="compiles on the first call", **peer)
    counted.check(lambda total: total == POINTS)

    suite.claim(
        "M4 on the drawing's own columns changes no pixel, every-nth loses the spike",
        value("thin_fidelity", "m4", "changed", n=100_000).equals(0)
        & (value("thin_fidelity", "every_nth", "changed", n=100_000) >= 20),
    )
    suite.claim(
        "LTTB changes at most half of the pixels that every-nth changes",
        ratio("thin_fidelity", "every_nth", "lttb", "changed", n=100_000) >= 2,
    )
    suite.claim(
        "counting a million points is faster than drawing them",
        ratio("cloud", "matplotlib", "rasterize") >= 3,
    )
