"""The page of module 07, one file a tab; the retry storm comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_http.dashboard import cache_transfer, fault_atlas, race, storm, timeline

PAGE = Page(
    "07-http",
    title="HTTP Explorer",
    tabs=(storm.TAB, fault_atlas.TAB, race.TAB, timeline.TAB, cache_transfer.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
