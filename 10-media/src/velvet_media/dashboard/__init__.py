"""The page of module 10, one file a tab; the quality lab comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_media.dashboard import desk, formats, hostility, lab, memory

PAGE = Page(
    "10-media",
    title="Media Lab",
    tabs=(lab.TAB, formats.TAB, memory.TAB, hostility.TAB, desk.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
