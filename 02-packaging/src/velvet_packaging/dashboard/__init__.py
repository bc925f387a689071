"""The page of module 02, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_packaging.dashboard import growth

PAGE = Page("02-packaging", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
