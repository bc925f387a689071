"""The Interactive Concurrency Explorer, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_concurrency.dashboard import breaker, heat, limiters, memory, overload, timeline

TABS = (timeline.TAB, memory.TAB, heat.TAB, limiters.TAB, breaker.TAB, overload.TAB)
PAGE = Page("09-concurrency", title="Interactive Concurrency Explorer", tabs=TABS)


def main() -> None:
    """Draw the page."""
    show(PAGE)
