"""What the page computes in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from velvet_visualization.contender import FORMATS
from velvet_visualization.contenders import NAMES, load
from velvet_visualization.errors import TooManyPoints
from velvet_visualization.facts import diff_facts, expected
from velvet_visualization.samples import cloud, example
from velvet_visualization.scene import prepare

SIZES = (300, 1000, 3000, 10_000, 30_000)
LARGEST = 100_000


def grow(points: int = 10_000) -> Iterator[dict[str, Any]]:
    """Write one cloud in every format that needs no browser, at growing sizes."""
    if not SIZES[0] <= points <= LARGEST:
        raise ValueError(f"Points is {points}: choose {SIZES[0]} to {LARGEST}")
    sizes = [*(one for one in SIZES if one < points), points]
    yield {"type": "plan", "total": len(sizes) * sum(len(_formats(name)) for name in NAMES)}
    for n in sizes:
        scene = prepare(cloud(n))
        for name in ("matplotlib", "plotly", "bokeh", "altair"):
            library = load(name)
            for fmt in _formats(name):
                if n == sizes[0]:  # imports and first calls are another figure
                    library.export(library.build(scene), fmt)
                begun = time.perf_counter()
                try:
                    size = len(library.export(library.build(scene), fmt))
                except TooManyPoints as error:
                    yield {"type": "refused", "name": name, "n": n, "words": str(error)}
                    continue
                ms = (time.perf_counter() - begun) * 1000
                yield {"type": "file", "name": name, "fmt": fmt, "n": n, "bytes": size, "ms": ms}


def _formats(name: str) -> list[Any]:
    return [fmt for fmt in FORMATS if not load(name).EXPORTS[fmt].browser]


def in_browser(kind: str = "scatter", points: int = 300) -> Iterator[dict[str, Any]]:
    """Draw one chart with four libraries and ask a real browser what each page costs."""
    from velvet_visualization.browser import BrowserSession, find_browser

    scene = prepare(cloud(points) if kind == "scatter" else example(kind))  # type: ignore[arg-type]
    yield {"type": "plan", "total": 2 * len(NAMES)}
    pages = {}
    for name in NAMES:
        library = load(name)
        library.html(library.build(scene))  # imports and first calls are another figure
        begun = time.perf_counter()
        figure = library.build(scene)
        pages[name] = library.html(figure)
        ms = (time.perf_counter() - begun) * 1000
        differ = diff_facts(expected(scene), library.facts(figure))
        size = len(pages[name])
        yield {"type": "page", "name": name, "ms": ms, "bytes": size, "differ": differ}
    if find_browser() is None:
        yield {"type": "absent", "words": "no Chromium here: apt install chromium"}
        return
    with BrowserSession() as session:
        for name in NAMES:
            cost = session.render_timing(pages[name], load(name).READY)
            yield {
                "type": "cost",
                "name": name,
                "ready_ms": cost.ready_ms,
                "dom_nodes": cost.dom_nodes,
                "heap_mb": cost.heap_mb,
            }
