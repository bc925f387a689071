"""The page of module 01, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_environments.dashboard import growth

PAGE = Page("01-environments", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
