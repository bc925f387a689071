"""The page of module 23, one file a tab; the time machine comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_devtools.dashboard import defect_tab, health_tab, overhead, renames_tab, time_machine

PAGE = Page(
    "23-devtools",
    title="Developer's Workbench",
    tabs=(time_machine.TAB, defect_tab.TAB, overhead.TAB, renames_tab.TAB, health_tab.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
