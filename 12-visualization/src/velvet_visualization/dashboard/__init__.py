"""The page of module 12, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_visualization.dashboard import growth

PAGE = Page("12-visualization", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
