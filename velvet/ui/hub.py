"""The hub: an invitation first, then every working module with its headline and its page."""

from __future__ import annotations

import base64
import contextlib
import importlib
from collections.abc import Callable, Mapping
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

import streamlit as st

from velvet import catalog, report
from velvet.errors import VelvetError
from velvet.ui import guesses
from velvet.ui.chart import page

CARDS_A_ROW = 3
Pages = Mapping[str, Any]  # a module's folder name -> its page


def headline(module: catalog.Module) -> str:
    """Return a module's headline, filled from its results; its question where there is none."""
    with contextlib.suppress(VelvetError):
        return report.headline(module)
    return module.question


def flagship(modules: list[catalog.Module]) -> catalog.Module | None:
    """Return the largest module that has a picture to show."""
    shown = [module for module in modules if picture(module) is not None]
    return max(shown, key=lambda module: (module.hours, -module.number), default=None)


def picture(module: catalog.Module) -> Path | None:
    """Return the first picture that a module names and has."""
    for one in module.pictures:
        path = module.folder / "pictures" / one.file
        if path.is_file():
            return path
    return None


def overview(pages: Pages) -> None:
    """Draw the hero, the cards of what works, and one line for what is planned."""
    page("Velvet Python", "How Python really performs: run it, measure it, see it.")
    modules = catalog.everything()
    working = [module for module in modules if module.slug in pages]
    if (hero := flagship(working)) is not None:
        _hero(hero, pages)
    if calibration := guesses.calibration(guesses.kept()):
        st.info(calibration, icon=":material/target:")
    cards = iter(working)
    while row := list(islice(cards, CARDS_A_ROW)):
        for column, module in zip(st.columns(CARDS_A_ROW), row, strict=False):
            _card(column, module, pages)
    planned = [f"{module.number:02d} {module.title}" for module in modules if module.path is None]
    if planned:
        st.caption(f"Planned: {', '.join(planned)}.")


def _hero(module: catalog.Module, pages: Pages) -> None:
    shown = picture(module)
    assert shown is not None
    data = base64.b64encode(shown.read_bytes()).decode("ascii")
    st.html(
        f"<a class='velvet-hero' href='{pages[module.slug].url_path}' target='_self'>"
        f"<img src='data:image/png;base64,{data}' alt='{escape(module.title)}'></a>"
    )
    st.markdown(headline(module))
    label = f"**Open {module.number:02d} {module.title}**"
    st.page_link(pages[module.slug], label=label, icon=":material/play_arrow:")


def _card(column: Any, module: catalog.Module, pages: Pages) -> None:
    with column.container(border=True, height="stretch"):
        st.page_link(pages[module.slug], label=f"**{module.number:02d} {module.title}**")
        st.markdown(headline(module))
        st.caption(f"{module.difficulty}, {module.hours:g} h")


def opener(module: catalog.Module) -> Callable[[], None]:
    """Return a page that shows a module's dashboard."""

    def show() -> None:
        importlib.import_module(f"{module.package}.dashboard").main()

    return show


def main() -> None:
    """Build the navigation: the overview, then every module that has a dashboard."""
    pages = {
        module.slug: st.Page(
            opener(module), title=f"{module.number:02d} {module.title}", url_path=module.topic
        )
        for module in catalog.modules()
        if (module.folder / "app.py").is_file()
    }
    first = st.Page(lambda: overview(pages), title="All modules", url_path="all", default=True)
    st.navigation([first, *pages.values()]).run()


if __name__ == "__main__":
    main()
