"""The Command-line Explorer: composition only.

The tabs are drawn by the files of `dashboard/`, the numbers come from `velvet_cli.explorer`, and
everything heavy runs in a child process. Start it with `velvet dashboard cli`, or
`streamlit run app.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

_BESIDE = str(Path(__file__).resolve().parent / "dashboard")
if _BESIDE not in sys.path:
    sys.path.append(_BESIDE)

import cli_faces  # noqa: E402 - found through the line above
import cli_layers  # noqa: E402
import cli_matrix  # noqa: E402
import cli_progress  # noqa: E402
import cli_starts  # noqa: E402
from cli_session import session  # noqa: E402

from velvet.ui.frame import page  # noqa: E402
from velvet_cli.explorer.recorded import versions  # noqa: E402

TITLE = "Command-line Explorer"
QUESTION = "What does each command-line framework cost at every start, and what must I still add?"
TABS = {
    "Four faces": cli_faces,
    "Start-up": cli_starts,
    "Behaviour matrix": cli_matrix,
    "Config and colour": cli_layers,
    "Progress lab": cli_progress,
}


def main() -> None:
    """Draw the page."""
    page(TITLE, QUESTION)
    state = session()
    for tab, drawer in zip(st.tabs(list(TABS)), TABS.values(), strict=True):
        with tab:
            drawer.draw(state)
    st.caption(f"Installed here: {versions()}.")


main()
