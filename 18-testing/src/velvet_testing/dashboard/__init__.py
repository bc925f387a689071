"""The page of module 18, one file a tab; the microscope comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_testing.dashboard import flaky_lab, fragility, microscope, races, scoreboard

PAGE = Page(
    "18-testing",
    title="Test Laboratory",
    tabs=(microscope.TAB, scoreboard.TAB, fragility.TAB, races.TAB, flaky_lab.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
