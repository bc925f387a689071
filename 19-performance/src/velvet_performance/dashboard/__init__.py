"""The page of module 19, one file a tab; the shoot-out of the profilers comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_performance.dashboard import collector, compiling, flames, rungs, shoot

PAGE = Page(
    "19-performance",
    title="Performance Lab",
    tabs=(shoot.TAB, flames.TAB, rungs.TAB, collector.TAB, compiling.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
