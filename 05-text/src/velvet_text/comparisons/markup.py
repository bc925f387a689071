"""Links from HTML by five parsers and one pattern, and a table by five renderers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from velvet.bench import Metric, Suite, speedup, value
from velvet_text import html_text, render
from velvet_text.samples.texts import page, table

NEEDS = {
    "bs4_html_parser": ("beautifulsoup4",),
    "bs4_lxml": ("beautifulsoup4", "lxml"),
    "lxml": ("lxml",),
    "selectolax": ("selectolax",),
    "jinja2": ("jinja2",),
    "mako": ("mako",),
    "minijinja": ("minijinja",),
}
RIGHT = [name for name in html_text.TOOLS if name != "re_sub"]


def _links(name: str, links: int) -> Callable[[], list[str]]:
    return partial(html_text.tool(name).links, page(links))


def _wrong(name: str) -> Callable[[], dict[str, float]]:
    tool, document, want = html_text.tool(name), page(200), html_text.tool("html_parser")

    def run() -> dict[str, float]:
        found = tool.links(document)
        wrong = sum(link not in want.links(document) for link in found)
        return {
            "wrong_links": float(wrong),
            "script_in_text": float("var x" in tool.text(document)),
        }

    return run


def _table(name: str, escape: bool) -> Callable[[], str]:
    return partial(render.renderer(name, escape=escape), table())


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    speed = suite.comparison(
        "html_links",
        title="The links of a page",
        unit="ms",
        sizes={"links": [300, 3000]},
        quick=lambda links: links == 300,
        rounds={"quick": 6, "default": 8},
    )
    faults = suite.comparison(
        "html_wrong",
        title="Wrong links of 200, and script in the text",
        kind="value",
        metrics={"wrong_links": Metric("links"), "script_in_text": Metric("pages")},
    )
    for name in html_text.TOOLS:
        faults.add(name, partial(_wrong, name), needs=NEEDS.get(name, ()))
        if name in RIGHT:
            speed.add(
                name,
                partial(_links, name),
                needs=NEEDS.get(name, ()),
                baseline=name == "bs4_html_parser",
            )
    speed.same_result()
    tables = suite.comparison(
        "templates",
        title="A table of 1,000 rows and 10 columns as HTML",
        unit="ms",
        sizes={"escape": [True, False]},
        quick=lambda escape: escape,
        rounds={"quick": 6},
    )
    for name in render.RENDERERS:
        tables.add(
            name, partial(_table, name), needs=NEEDS.get(name, ()), baseline=name == "jinja2"
        )
    tables.same_result()

    suite.claim(
        "selectolax beats BeautifulSoup at finding links",
        speedup("html_links", "selectolax", "bs4_html_parser", links=300) >= 10,
    )
    suite.claim(
        "a pattern finds links that are none", value("html_wrong", "re_sub", "wrong_links") >= 100
    )
    suite.claim(
        "MiniJinja escapes a table faster than Jinja2",
        speedup("templates", "minijinja", "jinja2", escape=True) >= 2,
    )
