"""The databases explorer: composition only.

The tabs are drawn by the files of `dashboard/`, the numbers come from
`velvet_databases.explorer`, and everything that measures runs in a child process. Start it with
`velvet dashboard databases`, or `streamlit run app.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

_BESIDE = str(Path(__file__).resolve().parent / "dashboard")
if _BESIDE not in sys.path:
    sys.path.append(_BESIDE)

import databases_isolation  # noqa: E402 - found through the line above
import databases_layers  # noqa: E402
import databases_nplusone  # noqa: E402
import databases_plans  # noqa: E402
import databases_pool  # noqa: E402
from databases_session import Session, live_fragment, session  # noqa: E402

from velvet.ui.frame import page  # noqa: E402

TITLE = "Database Systems"
QUESTION = "What does each layer between Python and the table cost?"
# Each tab: what draws it, and the jobs during which it redraws itself.
TABS: dict[str, tuple[Callable[[Session], None], tuple[str, ...]]] = {
    "Layers": (databases_layers.draw, ("layers",)),
    "N+1": (databases_nplusone.draw, ("pages",)),
    "Pool": (databases_pool.draw, ("pool",)),
    "Isolation": (databases_isolation.draw, ("plays",)),
    "Plans & migrations": (databases_plans.draw, ("plans", "changes")),
}


def body(state: Session, draw: Callable[[Session], None]) -> None:
    """Draw one tab; the whole page anew when a job has ended."""
    if state.settle():
        st.rerun()
    draw(state)


def main() -> None:
    """Draw the page."""
    page(TITLE, QUESTION)
    state = session()
    state.settle()
    for tab, (draw, jobs) in zip(st.tabs(list(TABS)), TABS.values(), strict=True):
        with tab:
            live_fragment(partial(body, state, draw), busy=state.running in jobs)


main()
