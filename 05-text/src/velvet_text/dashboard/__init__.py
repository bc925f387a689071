"""The page of module 05, one file a tab; the regex lab comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_text.dashboard import decoder, pitfall_list, race, regex_lab, x_ray

PAGE = Page(
    "05-text",
    title="Text Explorer",
    tabs=(regex_lab.TAB, x_ray.TAB, decoder.TAB, race.TAB, pitfall_list.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
