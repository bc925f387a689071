"""The page of module 17, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_validation.dashboard import catch_rate, coercions, evolution, speed, try_it

PAGE = Page(
    "17-validation",
    title="Validation Explorer",
    tabs=(try_it.TAB, catch_rate.TAB, coercions.TAB, speed.TAB, evolution.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
