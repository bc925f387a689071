"""The page of module 08, one file a tab."""

from __future__ import annotations

from velvet.ui.kit import Page, show
from velvet_databases.dashboard import isolation, layers, migrations, n_plus_one, plans, pool

PAGE = Page(
    "08-databases",
    title="Databases Explorer",
    tabs=(
        n_plus_one.TAB,
        layers.TAB,
        isolation.TAB,
        pool.TAB,
        plans.TAB,
        migrations.TAB,
    ),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
