"""The page of module 05, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_text.dashboard import growth

PAGE = Page("05-text", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
