"""The page of module 06, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_nlp.dashboard import growth

PAGE = Page("06-nlp", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
