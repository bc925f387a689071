"""The page of module 18, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_testing.dashboard import growth

PAGE = Page("18-testing", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
