"""The page of module 13, one file a tab; the A/B lab comes first."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_ml.dashboard import ab_lab, drift_race, is_it_real, registry_tab, serving_tab

PAGE = Page(
    "13-ml",
    title="Model Lab",
    tabs=(ab_lab.TAB, is_it_real.TAB, registry_tab.TAB, drift_race.TAB, serving_tab.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
