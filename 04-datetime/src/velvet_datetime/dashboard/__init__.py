"""The page of module 04, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_datetime.dashboard import matrix_tab, parsers_tab, scheduler, time_line

PAGE = Page(
    "04-datetime",
    title="DateTime Explorer",
    tabs=(time_line.TAB, matrix_tab.TAB, scheduler.TAB, parsers_tab.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
