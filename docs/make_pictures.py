"""Make the pictures that the documents show: `python docs/make_pictures.py [MODULE...]`.

Starts each dashboard itself on a free port, drives a Chromium that is installed on this machine,
and writes one picture per tab that is shown. Needs `playwright` (the package, not its browsers) and
`pillow`; says so when they are missing. Options: `--width`, `--out FOLDER`, `--in-progress` for
pictures that are taken while the Explorer of 09 runs something.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from velvet.commands.dashboard import serve
from velvet.needs import browser
from velvet.services.ladder import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
EXPLORER = "09-concurrency"
# By module: the tabs that are shown, and the names of their pictures.
TABS = {
    EXPLORER: {
        "Task Timeline": "explorer-timeline",
        "Memory Profiler": "explorer-memory",
        "Performance Heatmap": "explorer-heatmap",
        "Live Benchmarks": "explorer-live",
        "Limiter and breaker lab": "explorer-lab",
    },
    "03-cli": {"Start-up": "cli-start-up"},
    "08-databases": {"Isolation": "databases-isolation"},
    "22-algorithms": {"Route map": "algorithms-route-map"},
}
# Pictures that end above a heading, because what follows is another matter.
ENDS = {
    "cli-start-up": "Commands that are loaded when they are called",
    "databases-isolation": "Stored results",
}
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MOST_BYTES = 300_000
PATIENCE_MS = 60_000


def say(text: str, file: TextIO = sys.stdout) -> None:
    """Write a line."""
    file.write(text + "\n")


def missing() -> list[str]:
    """Say what this needs and does not find."""
    found = [
        f"{module} is not installed: pip install {package}"
        for module, package in (("playwright", "playwright"), ("PIL", "pillow"))
        if importlib.util.find_spec(module) is None
    ]
    if browser() is None:
        found.append("no Chromium here: install Chromium or Chrome")
    return found


def save(png: bytes, path: Path) -> None:
    """Write a picture with as many colours as its size allows."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() < MOST_BYTES:
            break
    path.write_bytes(out.getvalue())
    say(f"{path}: {len(out.getvalue()) / 1000:.0f} kB, {picture.width} x {picture.height}")


def settle(page: Page) -> None:
    """Wait until the script has ended and the figures stand still."""
    page.wait_for_timeout(600)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=\"stStatusWidget\"]')", timeout=PATIENCE_MS
    )
    page.wait_for_timeout(900)


def whole_page(page: Page, width: int, ends: str = "") -> bytes:
    """Return a picture of all of the open tab, not only of what fits a window; up to a heading."""
    page.set_viewport_size({"width": width, "height": 900})
    settle(page)
    height = page.evaluate("""() => {
          const block = document.querySelector('[data-testid="stMainBlockContainer"]');
          const side = document.querySelector('[data-testid="stSidebarContent"]');
          return Math.ceil(Math.max(block.scrollHeight, side ? 700 : 0));
        }""")
    page.set_viewport_size({"width": width, "height": max(800, min(int(height), 3200))})
    settle(page)
    if not ends:
        return page.screenshot()
    below = page.get_by_role("heading", name=ends).filter(visible=True).first.bounding_box()
    assert below is not None, f"no heading {ends!r}"
    return page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": below["y"] - 8})


def pictures(url: str, module: str, options: argparse.Namespace) -> None:
    """Open every tab of a module that is shown and write what it looks like.

    Without `--in-progress` nothing is run for the timeline: the browser would compete with the
    run for the cores, and the recorded run was made in peace.
    """
    from playwright.sync_api import sync_playwright

    tabs, running = TABS[module], options.in_progress and module == EXPLORER
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=list(QUIET))
        page = chromium.new_page(viewport={"width": options.width, "height": 1000})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        page.get_by_role("tab", name=next(iter(tabs))).wait_for(timeout=PATIENCE_MS)
        settle(page)
        if running:
            press(page, "Run")
            page.wait_for_timeout(700)
            save(page.screenshot(), options.out / "explorer-timeline-running.png")
            page.get_by_text("Shown: your last run").first.wait_for(timeout=PATIENCE_MS)
        for title, name in tabs.items():
            page.get_by_role("tab", name=title).click()
            settle(page)
            if name == "explorer-live" and not options.no_measure:
                press(page, "Measure")
                page.wait_for_timeout(6000)
                if running:
                    save(page.screenshot(), options.out / f"{name}-running.png")
                page.get_by_text("the figures").wait_for(timeout=2 * PATIENCE_MS)
            save(whole_page(page, options.width, ENDS.get(name, "")), options.out / f"{name}.png")
        chromium.close()
    for problem in problems:
        say(f"the page reported: {problem}", file=sys.stderr)


def press(page: Page, label: str) -> None:
    """Press a button; on a narrow page it may be in a sidebar that is closed."""
    button = page.get_by_role("button", name=label, exact=True)
    if not button.is_visible():
        page.get_by_test_id("stExpandSidebarButton").click()
        page.wait_for_timeout(500)
    button.click()


def main() -> int:
    """Make the pictures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(TABS)}; all by default")
    parser.add_argument("--width", type=int, default=1440, help="of the window, in pixels")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("--in-progress", action="store_true", help="pictures of running work too")
    parser.add_argument("--no-measure", action="store_true", help="do not run a benchmark")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(TABS):
        parser.error(f"no pictures of {', '.join(sorted(unknown))}; there are {', '.join(TABS)}")
    problems = missing()
    if problems:
        say("\n".join(problems), file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    for module in options.modules or TABS:
        port = free_port()
        server = serve(ROOT / module / "app.py", port, headless=True)
        try:
            pictures(f"http://127.0.0.1:{port}", module, options)
        finally:
            server.terminate()
            server.wait()
    say(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
