"""The page of module 01, one file a tab; the request X-ray comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_environments.dashboard import inspect_tab, race, resolver, same, xray

PAGE = Page(
    "01-environments",
    title="Environment Lab",
    tabs=(xray.TAB, race.TAB, resolver.TAB, same.TAB, inspect_tab.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
