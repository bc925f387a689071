"""The page of module 20, one file a tab; the time machine comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_architecture.dashboard import changes, crashes, layers, races, timeline

PAGE = Page(
    "20-architecture",
    title="Architecture Lab",
    tabs=(timeline.TAB, layers.TAB, races.TAB, crashes.TAB, changes.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
