"""The dashboard of algorithms and data structures: composition only.

The tabs are drawn by the files of `dashboard/`, the numbers come from `velvet_algorithms.explorer`,
and everything that takes seconds runs in a child process. Start it with `velvet dashboard algorithms`,
or `streamlit run app.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

_BESIDE = str(Path(__file__).resolve().parent / "dashboard")
if _BESIDE not in sys.path:
    sys.path.append(_BESIDE)

import algorithms_attack  # noqa: E402 - found through the line above
import algorithms_caches  # noqa: E402
import algorithms_growth  # noqa: E402
import algorithms_roads  # noqa: E402
import algorithms_sketches  # noqa: E402
from algorithms_session import session  # noqa: E402

from velvet.ui.frame import page  # noqa: E402

TITLE = "Algorithms & Data Structures"
QUESTION = "Does my own code ever pay in Python, and on which input does the answer flip?"
TABS = ("Growth lab", "Route map", "Caches", "Sketches", "Attack")


def main() -> None:
    """Draw the page."""
    page(TITLE, QUESTION)
    state = session()
    growth, roads, caches, sketches, attack = st.tabs(TABS)
    with growth:
        algorithms_growth.draw(state)
    with roads:
        algorithms_roads.draw(state)
    with caches:
        algorithms_caches.draw()
    with sketches:
        algorithms_sketches.draw()
    with attack:
        algorithms_attack.draw(state)


main()
