"""The Command-line Explorer, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_cli.dashboard import faces, layers, lazily, matrix, progress, starts

PAGE = Page(
    "03-cli",
    title="Command-line Explorer",
    tabs=(faces.TAB, starts.TAB, lazily.TAB, matrix.TAB, layers.TAB, progress.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
