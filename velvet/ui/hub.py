"""The hub: every module by phase with its measured headline; working ones open here."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from velvet import catalog
from velvet.bench.results import load
from velvet.bench.views import claim_lines
from velvet.errors import VelvetError
from velvet.ui.frame import card, page, provenance


def headline(module: catalog.Module) -> tuple[str, str]:
    """Return a module's first claim that holds, as measured, and where it was measured."""
    file = module.folder / "benchmarks" / "results" / "reference.json"
    try:
        results = load(file)
    except VelvetError as error:
        return str(error), ""
    for claim in results["claims"]:
        if claim["verdict"] == "HOLDS":
            return f"{claim['text']}: {claim_lines(claim)[0]}", provenance(results)
    return "no claim has held yet", provenance(results)


def overview() -> None:
    """Draw the catalogue: working modules with their headline, planned ones as planned."""
    page("Velvet Python", "How Python really performs: run it, measure it, see it.")
    modules = catalog.everything()
    working = [module for module in modules if module.state == "working"]
    left, middle, right = st.columns(3)
    left.metric("modules that work", len(working))
    middle.metric("planned", len(modules) - len(working))
    right.metric("hours of reading and running", f"{sum(m.hours for m in working):g}")
    for phase, title in catalog.PHASES.items():
        st.subheader(f"Phase {phase}: {title}")
        columns = st.columns(3)
        for index, module in enumerate(m for m in modules if m.phase == phase):
            planned = module.path is None
            foot = "" if planned else headline(module)[0]
            columns[index % 3].html(
                card(
                    f"{module.number:02d} {module.title}",
                    module.question,
                    tag=module.state if planned else f"{module.difficulty}, {module.hours:g} h",
                    planned=planned,
                    foot=foot,
                )
            )


def opener(script: Path) -> Callable[[], None]:
    """Return a page that runs a module's own `app.py`."""

    def open_page() -> None:
        sys.path.insert(0, str(script.parent))
        try:
            runpy.run_path(str(script), run_name="__main__")
        finally:
            sys.path.remove(str(script.parent))

    return open_page


def main() -> None:
    """Build the navigation: the overview, then every module that has a dashboard."""
    pages = [st.Page(overview, title="All modules", default=True)]
    for module in catalog.modules():
        script = module.folder / "app.py"
        if script.is_file():
            title = f"{module.number:02d} {module.title}"
            pages.append(st.Page(opener(script), title=title, url_path=module.topic))
    st.navigation(pages).run()


if __name__ == "__main__":
    main()
