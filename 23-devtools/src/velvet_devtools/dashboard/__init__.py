"""The page of module 23, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_devtools.dashboard import growth

PAGE = Page("23-devtools", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
