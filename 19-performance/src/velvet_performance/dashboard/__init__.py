"""The page of module 19, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_performance.dashboard import growth

PAGE = Page("19-performance", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
