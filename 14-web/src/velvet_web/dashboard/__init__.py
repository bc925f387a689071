"""The page of 14-web."""

from velvet.ui.kit import Page, show
from velvet_web.dashboard import matrix, omission, overload, production, race

PAGE = Page(
    "14-web",
    title="Web Framework Lab",
    tabs=(overload.TAB, omission.TAB, race.TAB, matrix.TAB, production.TAB),
)


def main() -> None:
    """Draw the page."""
    show(PAGE)
