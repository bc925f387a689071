"""Every page of the kit in a real browser: what AppTest cannot see.

One window visits each tab, presses its main button and waits for the first figure; then it is
resized to three widths in both themes. Needs a Chromium and the playwright package; skipped with
the reason otherwise. A request that leaves loopback fails the test. A module's page takes about
half a minute, so only those that VELVET_PAGES names are visited, such as `07-http,14-web` or
`all`: the toolkit's own tests cost the same however many modules there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from velvet import catalog, needs
from velvet.commands.dashboard import choose_port, end, page, serve

pytest.importorskip("streamlit", reason='dashboards need: pip install "streamlit>=1.55" plotly')

from velvet.ui.parts import slug

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
pytestmark.append(pytest.mark.leaves("a page is served once for all tests of this file"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE_MS = 240_000
WIDTHS = (390, 900, 1440)
DEMO = Path(__file__).resolve().parent / "ui" / "demo"
FIGURE = ".js-plotly-plot, table, [data-testid='stDataFrame'], .velvet-figure"
# Texts whose contrast with what lies behind them is under 4.5, as rendered. What is disabled may
# be pale; a gradient counts with each of its colours.
PALE = """() => {
  const rgba = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const over = (top, below) => {
    const a = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map(i => a * top[i] + (1 - a) * below[i]);
  };
  const light = c => {
    const [r, g, b] = c.map(v => v / 255).map(
      v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const grounds = node => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const stops = style.backgroundImage.match(/rgba?\\([^)]*\\)/g);
      if (stops) return stops.map(stop => layers.reduceRight((c, l) => over(l, c), rgba(stop)));
      const colour = rgba(style.backgroundColor);
      if (colour[3] === 0) continue;
      layers.push(colour);
      if (colour.length === 3) break;
    }
    return [layers.reduceRight((c, l) => over(l, c), [255, 255, 255])];
  };
  const found = [];
  const texts = "p, label, h1, h2, h3, h4, li, .velvet-soft, .velvet-title, .xtick text, .ytick text,"
    + ".legendtext, .xtitle, .ytitle";
  for (const node of document.querySelectorAll(texts)) {
    if (!node.textContent.trim() || !node.getClientRects().length) continue;
    if (node.closest("button:disabled, [aria-disabled=true], [data-testid=stSliderThumbValue]")) continue;
    // These fade: the ends of a slider with the pointer, and what a rerun has not drawn anew yet.
    if (node.closest("[data-testid=stSliderTickBar], [data-stale=true]")) continue;
    const style = getComputedStyle(node);
    let opacity = 1;
    for (let at = node; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
    const colour = rgba(node instanceof SVGElement ? style.fill : style.color);
    colour[3] = (colour.length > 3 ? colour[3] : 1) * opacity;
    const worst = Math.min(...grounds(node).map(ground => contrast(over(colour, ground), ground)));
    if (worst < 4.5 && colour[3] > 0.05) found.push(`${worst.toFixed(2)}: ${node.textContent.trim().slice(0, 60)}`);
  }
  return [...new Set(found)];
}"""


def modules() -> list[catalog.Module]:
    """Return the modules whose dashboard is built on the kit."""
    return [
        module
        for module in catalog.modules()
        if (module.folder / "src" / module.package / "dashboard" / "__init__.py").is_file()
    ]


SCRIPTS = {"demo": DEMO / "pages.py", **{one.slug: one.folder / "app.py" for one in modules()}}
WANTED = {"demo", *os.environ.get("VELVET_PAGES", "").split(",")}
VISITED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not {name, "all"} & WANTED,
            reason="the pages of the modules are visited with: VELVET_PAGES=all (or NN-topic)",
        ),
    )
    for name in SCRIPTS
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    problems = needs.all_unmet(["browser", "playwright"])
    if problems:
        pytest.skip("; ".join(map(str, problems)))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=needs.browser(), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[[Path], str]]:
    """Return a function that serves a page once and returns its address."""
    running: dict[Path, tuple[Any, str]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(DEMO), prepend=os.pathsep)

        def serving(script: Path) -> str:
            if script not in running:
                port = choose_port(None)
                process = serve(script, port, headless=True)
                running[script] = process, f"http://127.0.0.1:{port}"
            return running[script][1]

        yield serving
        for process, _ in running.values():
            end(process)


@contextmanager
def visit(browser: Any, address: str) -> Iterator[tuple[Any, list[str]]]:
    """Open a page; yields the window and the requests that left loopback."""
    strangers: list[str] = []
    view = browser.new_page(viewport={"width": WIDTHS[-1], "height": 1000}, color_scheme="light")
    inside = ("http://127.0.0.1:", "data:", "blob:")
    view.on("request", lambda it: None if it.url.startswith(inside) else strangers.append(it.url))
    view.goto(address, timeout=PATIENCE_MS)
    view.get_by_role("heading").first.wait_for(timeout=PATIENCE_MS)
    yield view, strangers
    view.close()


def settle(view: Any) -> None:
    """Wait until the script of the page has ended and the page is drawn."""
    view.wait_for_timeout(150)
    view.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(
        timeout=PATIENCE_MS
    )


def open_tab(view: Any, tab: str) -> None:
    """Choose a tab and wait until it stands in the place of the one before."""
    view.get_by_test_id("stButtonGroup").first.get_by_text(tab, exact=True).click()
    view.locator(f".st-key-tab-{slug(tab)}").wait_for(timeout=PATIENCE_MS)
    settle(view)


def first_figure(view: Any) -> None:
    """Press the tab's main button, when it can be pressed, and wait for a figure of this machine."""
    button = view.get_by_test_id("stBaseButton-primary").first
    if button.count() and button.is_enabled():
        button.click()
        view.get_by_text("This machine, now").first.wait_for(timeout=PATIENCE_MS)
    view.locator(FIGURE).first.wait_for(timeout=PATIENCE_MS)


def faults(view: Any, where: str) -> Iterator[str]:
    """Look at the page at three widths."""
    for width in WIDTHS:
        view.set_viewport_size({"width": width, "height": 1000})
        settle(view)
        if view.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
            yield f"{where}: overflows horizontally at {width} px"
    for kind in ("stException", "stAlertContentError"):
        if view.get_by_test_id(kind).count():
            yield f"{where}: {view.get_by_test_id(kind).first.inner_text()}"
    yield from (f"{where}: {text}" for text in view.evaluate(PALE))


def turn_dark(view: Any) -> None:
    """Come again as a visitor with the dark theme."""
    view.emulate_media(color_scheme="dark")
    view.reload()
    view.get_by_role("heading").first.wait_for(timeout=PATIENCE_MS)
    settle(view)


@pytest.mark.parametrize("name", VISITED)
def test_every_tab_shows_its_first_figure_at_every_width_in_both_themes(
    browser: Any, served: Callable[[Path], str], name: str
) -> None:
    found = []

    with visit(browser, served(SCRIPTS[name])) as (view, strangers):
        chooser = view.get_by_test_id("stButtonGroup").first
        names = chooser.locator("p >> visible=true")
        names.first.wait_for(timeout=PATIENCE_MS)
        tabs = [text for text in names.all_inner_texts() if text != "Breaks"]
        for theme in ("light", "dark"):
            if theme == "dark":
                turn_dark(view)
            for tab in tabs:
                open_tab(view, tab)
                if theme == "light":
                    first_figure(view)
                found += faults(view, f"{tab}, {theme}")
                view.get_by_role("button", name="Stop").evaluate_all(
                    "all => all.map(b => b.click())"
                )

    assert len(tabs) > 1
    assert not found, "\n".join(found)
    assert strangers == []


def test_the_hub_opens_a_module_and_the_browsers_back_returns(
    browser: Any, served: Callable[[Path], str]
) -> None:
    module = next(one for one in catalog.modules() if (one.folder / "app.py").is_file())

    address = served(page(None))

    with visit(browser, address) as (view, strangers):
        link = view.get_by_test_id("stMain").get_by_role("link", name=f"{module.number:02d}")
        link.last.click()
        view.wait_for_url(f"{address}/{module.topic}**", timeout=PATIENCE_MS)
        view.get_by_role("tab").or_(view.get_by_test_id("stButtonGroup")).first.wait_for(
            timeout=PATIENCE_MS
        )
        view.go_back()
        view.get_by_role("heading", name="Velvet Python").wait_for(timeout=PATIENCE_MS)
        settle(view)
        found = list(faults(view, "light"))
        turn_dark(view)
        found += faults(view, "dark")

    assert not found, "\n".join(found)
    assert strangers == []


def test_tab_and_settings_stand_in_the_address_and_survive_a_reload(
    browser: Any, served: Callable[[Path], str]
) -> None:
    address = f"{served(SCRIPTS['demo'])}/?tab=Count+up&count-up-steps=7&count-up-pause-in-ms=-3"

    with visit(browser, address) as (view, _):
        view.get_by_role("button", name="Count", exact=True).click(timeout=PATIENCE_MS)
        view.get_by_text("The largest square so far is 36.").wait_for(timeout=PATIENCE_MS)
        view.reload()
        view.get_by_text("The largest square so far is 36.").wait_for(timeout=PATIENCE_MS)
        view.get_by_role("button", name="Next: At once").press("Enter")
        settle(view)  # a click on what a rerun is about to draw anew is lost
        view.get_by_text("red", exact=True).click(timeout=PATIENCE_MS)
        view.wait_for_url("**/*at-once-colour=red*", timeout=PATIENCE_MS)

        assert "tab=At" in view.url


def test_back_returns_to_the_tab_of_the_page_before(
    browser: Any, served: Callable[[Path], str]
) -> None:
    def stands(question: str) -> None:
        view.get_by_role("heading", name=question).wait_for(timeout=PATIENCE_MS)

    with visit(browser, f"{served(SCRIPTS['demo'])}/first") as (view, _):
        open_tab(view, "Two")
        view.get_by_role("link", name="Second").click()
        stands("Second, one?")
        second = view.url
        open_tab(view, "Three")
        view.go_back()
        stands("First, one?")  # Streamlit clears the address of the page that is left
        view.go_back()
        stands("First, two?")

    assert "tab" not in second
