"""The Algorithms Explorer, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_algorithms.dashboard import attack, caches, growth, routes, sieve, sketches

PAGE = Page(
    "22-algorithms",
    tabs=(growth.TAB, routes.TAB, caches.TAB, sieve.TAB, sketches.TAB, attack.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
