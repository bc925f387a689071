"""The page of module 16, one file a tab; the kill comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_queues.dashboard import kill, lab, load, metrics, race

PAGE = Page(
    "16-queues",
    title="Task Queue Lab",
    tabs=(kill.TAB, lab.TAB, load.TAB, race.TAB, metrics.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
