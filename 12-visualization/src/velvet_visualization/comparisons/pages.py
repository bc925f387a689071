"""What a page costs its reader: until it is ready, its elements, and every hover, wheel and drag."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from typing import Any

from velvet.bench import Outcome, Suite, ratio, value
from velvet_visualization.browser import BrowserSession, Page
from velvet_visualization.chart_test import compare
from velvet_visualization.comparisons import BROWSER, NEEDS
from velvet_visualization.contenders import load
from velvet_visualization.samples import cloud
from velvet_visualization.scene import prepare

LARGE = 50_000
# Each way of drawing: the library, and what `build` is told.
WAYS: dict[str, tuple[str, dict[str, bool]]] = {
    "plotly_svg": ("plotly", {"webgl": False}),
    "plotly_webgl": ("plotly", {"webgl": True}),
    "bokeh_canvas": ("bokeh", {"webgl": False}),
    "bokeh_webgl": ("bokeh", {"webgl": True}),
    "altair_svg": ("altair", {}),
}
MIDDLE = {"x": 300, "y": 240}
DRAG = ({"x": 300, "y": 240}, {"x": 340, "y": 260}, {"x": 380, "y": 280})


def page_of(way: str, n: int, *, interactive: bool = False) -> tuple[str, str]:
    """Return a page with a cloud of n points, and when it is ready."""
    name, options = WAYS[way]
    library: Any = load(name)
    figure = library.build(prepare(cloud(n)), **options)
    return library.html(figure, interactive=interactive), library.READY


def hover(page: Page, step: int = 0) -> float:
    """Move the pointer over the middle of the cloud; milliseconds until it is shown."""
    return page.act(("mouseMoved", {**MIDDLE, "x": MIDDLE["x"] + 3 * step}))


def wheel(page: Page, step: int = 0) -> float:
    """Turn the wheel one notch, to and fro."""
    return page.act(("mouseWheel", {**MIDDLE, "deltaX": 0, "deltaY": -120 if step % 2 else 120}))


def drag(page: Page, step: int = 0) -> float:
    """Press, drag and let go, to and fro."""
    button = {"button": "left", "clickCount": 1}
    way = DRAG[::-1] if step % 2 else DRAG
    moves = [("mouseMoved", {**at, "button": "left", "buttons": 1}) for at in way[1:]]
    pressed, released = {**way[0], **button}, {**way[-1], **button}
    return page.act(("mousePressed", pressed), *moves, ("mouseReleased", released))


ACTIONS = {"hover": hover, "wheel": wheel, "drag": drag}


def answers(page: Page, action: str) -> bool:
    """Whether the chart's picture changes by an action, once everything has settled.

    What is not the chart's answer is taken out: the page cannot scroll under a wheel that the
    chart ignores, and after a wheel or a drag the pointer leaves and selected text is released.
    """
    settle = "getSelection().removeAllRanges(), new Promise(r => setTimeout(r, 400))"
    away = ("mouseMoved", {"x": 5, "y": 5})
    page.eval("document.documentElement.style.overflow = 'hidden'")
    page.act(away)
    page.eval(settle)
    before = page.png()
    ACTIONS[action](page)
    if action != "hover":
        page.eval(settle)
        page.act(away)
    page.eval(settle)
    return compare(before, page.png()).changed > 0.0005


def _ready(way: str, n: int) -> Iterator[Any]:
    page, ready = page_of(way, n)
    with BrowserSession(timeout_s=100) as session:
        session.render_timing("<p>warm")

        def run() -> Outcome:
            timing = session.render_timing(page, ready)
            figures = {"dom_nodes": float(timing.dom_nodes), "heap_mb": timing.heap_mb}
            return Outcome(figures, seconds=timing.ready_ms / 1000)

        yield run


def _latency(way: str, n: int) -> Iterator[Any]:
    page, ready = page_of(way, n, interactive=True)
    with BrowserSession(timeout_s=100) as session, session.page(page, ready) as opened:

        def run() -> Outcome:
            spent = {
                f"{name}_ms": statistics.median(act(opened, step) for step in range(5))
                for name, act in ACTIONS.items()
            }
            return Outcome(spent, seconds=spent["wheel_ms"] / 1000)

        yield run


def _defaults(way: str, *, interactive: bool) -> Iterator[Any]:
    page, ready = page_of(way, 3000, interactive=interactive)
    with BrowserSession(timeout_s=100) as session:

        def run() -> dict[str, Any]:
            with session.page(page, ready) as opened:
                return {one: "answers" if answers(opened, one) else "nothing" for one in ACTIONS}

        yield run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    shown = suite.comparison(
        "page_ready",
        title="A page in Chromium: until ready, elements, JavaScript heap",
        kind="run",
        unit="ms",
        sizes={"n": [1000, 10_000, LARGE]},
        metrics={"dom_nodes": "elements", "heap_mb": "MB"},
        quick=lambda n: n == 10_000,
        rounds={"quick": 1, "default": 2, "full": 7},
    )
    felt = suite.comparison(
        "interaction",
        title="From a pointer's event to the second frame after it; the main figure is the wheel",
        kind="run",
        unit="ms",
        sizes={"n": [1000, 10_000]},
        metrics={f"{action}_ms": "ms" for action in ACTIONS},
        tier="default",
        default=lambda n: n == 10_000,
        rounds={"default": 2, "full": 7},
    )
    for way, (name, _) in WAYS.items():
        needs = (*NEEDS[name], *BROWSER)
        shown.add(
            way,
            partial(_ready, way),
            needs=needs,
            baseline=way == "plotly_svg",
            tier="default" if way == "bokeh_webgl" else "quick",
            when=(lambda n: n >= 10_000) if way == "bokeh_webgl" else None,
        )
        felt.add(way, partial(_latency, way), needs=needs, baseline=way == "plotly_svg")
    usual = suite.comparison(
        "by_default",
        title="What a pointer can do in the page that the library writes by itself",
        kind="value",
        sizes={"page": ["default", "interactive"]},
        metrics=dict.fromkeys(ACTIONS, "label"),
        tier="default",
    )
    for way in ("plotly_svg", "bokeh_canvas", "altair_svg"):
        usual.add(
            WAYS[way][0],
            lambda page, way=way: _defaults(way, interactive=page == "interactive"),
            needs=(*NEEDS[WAYS[way][0]], *BROWSER),
        )

    suite.claim(
        "SVG makes an element of every mark, canvas and WebGL do not",
        (value("page_ready", "plotly_svg", "dom_nodes", n=10_000) >= 10_000)
        & (value("page_ready", "altair_svg", "dom_nodes", n=10_000) >= 10_000)
        & (value("page_ready", "plotly_webgl", "dom_nodes", n=10_000) <= 1000)
        & (value("page_ready", "bokeh_canvas", "dom_nodes", n=10_000) <= 1000),
        needs="browser",
    )
    suite.claim(
        "at 50,000 points a WebGL page of Plotly is ready before its SVG page",
        ratio("page_ready", "plotly_svg", "plotly_webgl", n=LARGE) >= 1.25,
        needs="browser",
        tier="default",
    )
