"""The page of module 21, one file a tab; the freeze lab comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_desktop.dashboard import charts, freeze, here, rows, shipping

PAGE = Page(
    "21-desktop",
    title="Desktop Lab",
    tabs=(freeze.TAB, here.TAB, rows.TAB, charts.TAB, shipping.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
