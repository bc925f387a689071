"""The page of module 02, one file a tab; the wheel X-ray comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_packaging.dashboard import bench, repro_lab, version_tab, wire, xray

PAGE = Page(
    "02-packaging",
    title="Packaging Lab",
    tabs=(xray.TAB, bench.TAB, repro_lab.TAB, wire.TAB, version_tab.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
