"""The page of module 20, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_architecture.dashboard import growth

PAGE = Page("20-architecture", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
