"""The page of module 11, one file a tab; the curve of speed-ups comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_numerical.dashboard import digits, hundred, memory, roof, sparse, xray

PAGE = Page(
    "11-numerical",
    title="Array Explorer",
    tabs=(hundred.TAB, xray.TAB, roof.TAB, digits.TAB, memory.TAB, sparse.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
