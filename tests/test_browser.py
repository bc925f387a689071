"""The hub and the Explorer in a real browser: what AppTest cannot see.

Needs a Chromium on the PATH and the playwright package; skipped with the reason otherwise.
Nothing is fetched from elsewhere: a request that leaves loopback fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from velvet import catalog, needs
from velvet.commands.dashboard import choose_port, page, serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 60_000


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


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Return a function that serves a page and opens it at a width."""
    running = []

    def open_page(script: Path, width: int) -> tuple[Any, list[str]]:
        port = choose_port(None)
        running.append(serve(script, port, headless=True))
        strangers: list[str] = []
        view = browser.new_page(viewport={"width": width, "height": 1000})
        view.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((f"http://127.0.0.1:{port}", "data:", "blob:"))
                else strangers.append(request.url)
            ),
        )
        view.goto(f"http://127.0.0.1:{port}", timeout=PATIENCE_MS)
        return view, strangers

    yield open_page
    for process in running:
        process.terminate()
        process.wait()


def test_the_hub_lists_every_module_and_opens_the_explorer(visit: Any) -> None:
    view, strangers = visit(page(None), 1440)

    view.get_by_text("Phase 6: Advanced Topics").wait_for(timeout=PATIENCE_MS)
    shown = view.locator(".velvet-card h4").all_inner_texts()
    view.get_by_role("link", name="09 Concurrency Patterns").click()
    view.get_by_role("heading", name="Interactive Concurrency Explorer").wait_for(
        timeout=PATIENCE_MS
    )

    assert len(shown) == len(catalog.everything())
    assert strangers == []


@pytest.mark.parametrize("width", [1440, 900])
def test_every_tab_of_the_explorer_has_a_picture_and_no_error(visit: Any, width: int) -> None:
    view, strangers = visit(page(catalog.find("concurrency")), width)
    view.get_by_role("tab").first.wait_for(timeout=PATIENCE_MS)

    tabs = view.get_by_role("tab")
    for number in range(tabs.count()):
        tabs.nth(number).click()
        view.locator(".js-plotly-plot:visible").first.wait_for(timeout=PATIENCE_MS)

    assert tabs.count() == 5
    assert view.get_by_test_id("stException").count() == 0
    assert view.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    assert strangers == []


def test_a_run_in_the_explorer_can_be_stopped_and_started_again(visit: Any) -> None:
    view, _ = visit(page(catalog.find("concurrency")), 1440)
    beside = view.get_by_test_id("stSidebarUserContent")
    run = beside.get_by_role("button", name="Run", exact=True)
    stop = beside.get_by_role("button", name="Stop", exact=True)
    run.wait_for(timeout=PATIENCE_MS)

    run.click()
    stop.click(timeout=PATIENCE_MS)
    run.click(trial=True, timeout=PATIENCE_MS)

    assert view.get_by_test_id("stException").count() == 0
