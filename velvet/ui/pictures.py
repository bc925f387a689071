"""Pictures of a module's tabs, as its `module.toml` names them, taken in a real Chromium."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from velvet import needs
from velvet.catalog import Module
from velvet.errors import VelvetError
from velvet.ui.kit import TAB_KEY
from velvet.ui.parts import slug

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
MAX_BYTES = 300_000
PATIENCE_MS = 60_000
WIDTH, MAX_HEIGHT = 1280, 1600


def take(module: Module, url: str) -> Iterator[Path]:
    """Write each picture that a module names; yields their files.

    A missing browser, playwright or pillow, and a page with an error, are a VelvetError.
    """
    problems = needs.all_unmet(["browser", "playwright", "pillow"])
    if problems:
        raise VelvetError("pictures need more: " + "; ".join(map(str, problems)))
    from playwright.sync_api import sync_playwright

    folder = module.folder / "pictures"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=needs.browser(), args=[*CHROMIUM])
        page = chromium.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        for one in module.pictures:
            page.goto(f"{url}/?{TAB_KEY}={quote_plus(one.tab)}", timeout=PATIENCE_MS)
            save(whole(page, one.tab), folder / one.file)
            yield folder / one.file
        chromium.close()


def settle(page: Page) -> None:
    """Wait until the script has ended and the figures stand still."""
    page.wait_for_timeout(500)
    idle = "() => !document.querySelector('[data-testid=\"stStatusWidget\"]')"
    page.wait_for_function(idle, timeout=PATIENCE_MS)
    page.wait_for_timeout(500)


def whole(page: Page, name: str) -> bytes:
    """Return a picture of the whole tab, not only of what fits a window."""
    page.locator(f".st-key-tab-{slug(name)}").wait_for(timeout=PATIENCE_MS)
    settle(page)
    if page.get_by_test_id("stException").count():
        raise VelvetError(f"no picture: the tab {name!r} shows an error")
    height: Any = page.evaluate(
        "document.querySelector('[data-testid=\"stMainBlockContainer\"]').scrollHeight"
    )
    page.set_viewport_size({"width": WIDTH, "height": max(600, min(int(height), MAX_HEIGHT))})
    settle(page)
    return page.screenshot()


def save(png: bytes, path: Path) -> None:
    """Write a picture with as many colours as its size allows."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() < MAX_BYTES:
            break
    path.write_bytes(out.getvalue())
