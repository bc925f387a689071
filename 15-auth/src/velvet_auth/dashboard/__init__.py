"""The page of module 15, one file a tab; the attack lab comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_auth.dashboard import attacks, costs, flows, inspector, wrapping

PAGE = Page(
    "15-auth",
    title="Authentication Lab",
    tabs=(attacks.TAB, inspector.TAB, costs.TAB, flows.TAB, wrapping.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
