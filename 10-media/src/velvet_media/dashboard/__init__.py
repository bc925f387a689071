"""The page of module 10, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_media.dashboard import growth

PAGE = Page("10-media", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
