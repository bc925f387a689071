"""The page of module 04, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_datetime.dashboard import growth

PAGE = Page("04-datetime", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
