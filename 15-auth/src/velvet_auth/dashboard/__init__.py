"""The page of module 15, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_auth.dashboard import growth

PAGE = Page("15-auth", tabs=(growth.TAB,))


def main() -> None:
    """Draw the page."""
    show(PAGE)
