"""What a file costs: time and memory to draw it, and its bytes, as points grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

from velvet.bench import Metric, Suite, growth, ratio
from velvet_visualization.browser import BrowserSession
from velvet_visualization.comparisons import BROWSER, NEEDS
from velvet_visualization.contender import FORMATS
from velvet_visualization.contenders import load
from velvet_visualization.samples import cloud
from velvet_visualization.scene import prepare

FULL, MILLION = 100_000, 1_000_000


# Which sizes of a PNG: Altair refuses a million, a browser takes as long as its start for a few.
DRAWN: dict[str, Callable[[int], bool]] = {
    "altair": lambda n: n <= FULL,
    "plotly": lambda n: 10_000 <= n <= FULL,
    "bokeh": lambda n: 10_000 <= n <= FULL,
}


def _png(name: str, n: int) -> Iterator[Any]:
    """Yield building and drawing one PNG; the browser, where one is needed, is warm."""
    library, scene = load(name), prepare(cloud(n))
    if not library.EXPORTS["png"].browser:
        yield lambda: {"bytes": float(len(library.export(library.build(scene), "png")))}
        return
    with BrowserSession(timeout_s=100) as session:
        library.export(library.build(prepare(cloud(10))), "png", session)
        yield lambda: {"bytes": float(len(library.export(library.build(scene), "png", session)))}


def _bytes(name: str, n: int, *, rasterized: bool = False) -> Iterator[Any]:
    """Yield writing all formats but the page, which `build_page` measures."""
    library = load(name)
    figure = library.build(prepare(cloud(n)))
    for points in figure.axes[0].collections if rasterized else ():
        points.set_rasterized(True)
    files = [fmt for fmt in FORMATS if fmt != "html"]
    with BrowserSession(timeout_s=100) if library.EXPORTS["png"].browser else nullcontext() as one:
        yield lambda: {fmt: float(len(library.export(figure, fmt, one))) for fmt in files}


def _page(name: str, n: int, *, inline: bool = True) -> Any:
    library, spec = load(name), cloud(n)

    def run() -> dict[str, float]:
        page = library.html(library.build(prepare(spec)), inline=inline)
        return {"page_mb": len(page) / 1e6}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    png = suite.comparison(
        "draw_png",
        title="One PNG of a scatter plot: build and draw, libraries imported, browser warm",
        kind="run",
        unit="ms",
        sizes={"n": [1000, 10_000, FULL, MILLION]},
        metrics={"bytes": "bytes"},
        quick=lambda n: n == 10_000,
        rounds={"quick": 2, "default": 2, "full": 7},
    )
    for name, needs in NEEDS.items():
        library_needs = (*needs, *(BROWSER if name in ("plotly", "bokeh") else ()))
        png.add(
            name,
            partial(_png, name),
            needs=library_needs,
            baseline=name == "matplotlib",
            note="draws in a warm browser" if name in ("plotly", "bokeh") else "",
            tier="quick" if name in ("matplotlib", "altair") else "default",
            when=DRAWN.get(name),
        )
    files = suite.comparison(
        "file_bytes",
        title="Bytes of one scatter plot as PNG, SVG and PDF",
        kind="value",
        unit="bytes",
        sizes={"n": [1000, 10_000, FULL]},
        metrics=dict.fromkeys(("png", "svg", "pdf"), "bytes"),
        quick=lambda n: n < FULL,
    )
    for name in ("matplotlib", "altair"):
        files.add(name, partial(_bytes, name), needs=NEEDS[name], baseline=name == "matplotlib")
    for name in ("plotly", "bokeh"):
        files.add(
            name,
            partial(_bytes, name),
            needs=(*NEEDS[name], *BROWSER),
            tier="default",
            when=lambda n: n <= 10_000,
            note="written by the browser",
        )
    files.add(
        "matplotlib_rasterized",
        partial(_bytes, "matplotlib", rasterized=True),
        needs=NEEDS["matplotlib"],
        tuned_of="matplotlib",
        note="the points are a picture inside, axes and text stay vectors",
    )
    page = suite.comparison(
        "build_page",
        title="One page with everything inside: time, memory, size",
        kind="run",
        unit="ms",
        sizes={"n": [1000, FULL, MILLION]},
        metrics={"page_mb": Metric("MB")},
        quick=lambda n: n == 1000,
        rounds={"quick": 2, "default": 2, "full": 7},
    )
    for name in ("plotly", "altair", "bokeh"):
        page.add(
            name,
            partial(_page, name),
            needs=NEEDS[name],
            baseline=name == "plotly",
            when=(lambda n: n <= FULL) if name == "altair" else None,
            note="refuses more than 100,000 marks" if name == "altair" else "",
        )
    page.add(
        "plotly_cdn",
        partial(_page, "plotly", inline=False),
        needs=NEEDS["plotly"],
        tuned_of="plotly",
        note="needs the network to be seen",
        when=lambda n: n == 1000,
        tier="default",
    )

    suite.claim(
        "at 10,000 points Matplotlib draws a PNG faster than Altair",
        ratio("draw_png", "altair", "matplotlib", n=10_000) >= 1.5,
    )
    suite.claim(
        "an SVG grows with its points in both libraries",
        (growth("file_bytes", "matplotlib", over="n", metric="svg") >= 0.7)
        & (growth("file_bytes", "altair", over="n", metric="svg") >= 0.7),
    )
    suite.claim(
        "at 100,000 points a rasterised cloud makes an SVG smaller",
        ratio("file_bytes", "matplotlib", "matplotlib_rasterized", "svg", n=FULL) >= 20,
        tier="default",
    )
    suite.claim(
        "a PNG stops growing: a hundred times the points, less than ten times the bytes",
        growth("file_bytes", "matplotlib", over="n", metric="png") <= 0.5,
        tier="default",
    )
    suite.claim(
        "at 100,000 points Altair's page is larger than Bokeh's",
        ratio("build_page", "altair", "bokeh", "page_mb", n=FULL) >= 1.25,
        tier="default",
    )
