"""Intermediate examples: how files grow, a million points, and a chart for those who cannot see."""

from __future__ import annotations

import textwrap
import time

import numpy as np

from velvet.examples import example, main
from velvet_visualization.contenders import load
from velvet_visualization.contrast import VISIONS, simulate
from velvet_visualization.describe import alt_text, data_table
from velvet_visualization.downsample import METHODS
from velvet_visualization.errors import TooManyPoints
from velvet_visualization.export import export, reduce
from velvet_visualization.raster import fidelity
from velvet_visualization.samples import cloud
from velvet_visualization.samples import example as chart
from velvet_visualization.samples import walk
from velvet_visualization.scene import prepare

SIZES = (300, 3000)


@example("file_sizes")
def file_sizes() -> None:
    """How the bytes of each format grow when the points grow tenfold."""
    wanted = [("matplotlib", "png"), ("matplotlib", "svg"), ("matplotlib", "pdf")]
    wanted += [("altair", "svg"), ("plotly", "html"), ("bokeh", "html"), ("altair", "html")]
    print(f"{'':20}{SIZES[0]:>9} pts{SIZES[1]:>9} pts   a point")
    for name, fmt in wanted:
        library = load(name)
        small, large = (
            len(library.export(library.build(prepare(cloud(n))), fmt))  # type: ignore[arg-type]
            for n in SIZES
        )
        each = (large - small) / (SIZES[1] - SIZES[0])
        print(f"{name + ' ' + fmt:20}{small / 1e3:10,.0f} kB{large / 1e3:10,.0f} kB{each:7.0f} B")
    print("\nwhy: a vector file and a page carry every point; a PNG carries pixels,")
    print("     and a page pays for its library once.")


@example("a_million_points")
def a_million_points() -> None:
    """A line of a million points with one spike, thinned in four ways."""
    x, y = walk(1_000_000)
    print(f"{'':12}{'ms':>8}{'points':>8}{'changed':>9}  spike")
    for name, thin in METHODS.items():
        begun = time.perf_counter()
        kept = thin(x, y, 3200)
        spent = (time.perf_counter() - begun) * 1000
        found = fidelity(x, y, kept)
        spike = "kept" if int(np.argmax(y)) in kept else "LOST"
        share = found.changed / found.drawn
        print(f"{name:12}{spent:8.0f}{found.points:8}{share:9.1%}  {spike}")
    spec = cloud(300_000)
    try:
        load("altair").build(prepare(spec))
    except TooManyPoints as error:
        print(textwrap.fill(f"\nAltair: {error}", 79, replace_whitespace=False))
    print(f"reduce(spec) leaves {reduce(spec).marks} cells of a counted cloud")
    print("why: a screen has 800 columns. First, lowest, highest and last point of each")
    print("     are all that a line of a million points can show.")


@example("accessible_chart")
def accessible_chart() -> None:
    """One chart as a sentence, as a table, as an SVG with a description, as others see it."""
    scene = prepare(chart("line"))
    print(textwrap.fill(alt_text(scene), 79))
    print(f"\ntable: {data_table(scene).count('<tr>') - 1} rows of HTML")
    svg = export(scene, "altair", "svg").decode()
    start = svg.index("<svg")
    print(f"svg:   {'role=' in svg[start : start + 400]}, with <title> and <desc> inside")
    print(f"\n{'series':8}{'marker':10}{'dash':10}" + "".join(f"{one:>9}" for one in VISIONS))
    for one in scene.series:
        seen = "".join(f"{simulate(one.style.stroke, vision):>9}" for vision in VISIONS)
        print(f"{one.name:8}{one.style.marker:10}{one.style.dash:10}{seen}")
    print("\nwhy: marker and dash tell the series apart without any colour; the sentence")
    print("     tells what the picture shows without any picture.")


if __name__ == "__main__":
    main()
