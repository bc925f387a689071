"""The page of module 13, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_ml.dashboard import growth

PAGE = Page("13-ml", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
