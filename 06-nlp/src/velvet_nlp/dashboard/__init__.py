"""The page of module 06, one file a tab; the arena comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_nlp.dashboard import arena, inside, memory, reading, searching

PAGE = Page(
    "06-nlp",
    title="NLP Arena",
    tabs=(arena.TAB, reading.TAB, searching.TAB, memory.TAB, inside.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
