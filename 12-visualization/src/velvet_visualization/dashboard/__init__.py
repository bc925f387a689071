"""The page of module 12, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_visualization.dashboard import accessible, bugs, fidelity_lab, four, scaling

PAGE = Page(
    "12-visualization",
    title="Four of a Kind",
    tabs=(four.TAB, scaling.TAB, fidelity_lab.TAB, accessible.TAB, bugs.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
