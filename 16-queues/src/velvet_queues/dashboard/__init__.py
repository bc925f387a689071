"""The page of module 16, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_queues.dashboard import growth

PAGE = Page("16-queues", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
