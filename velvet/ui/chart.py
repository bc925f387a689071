"""The page around every dashboard, and how a Plotly figure comes onto it, in the page's theme.

Nothing is fetched from elsewhere. A title inside a figure is cut at 390 pixels and meets the legend; as text above the figure it
wraps. Modules draw with the light palette only; in the dark theme each of its colours is replaced
by its counterpart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.bench.views import claim_lines
from velvet.ui.palette import VERDICT_MARKS, VERDICTS, adaptive, css, darkened

CONFIG: dict[str, Any] = {"displayModeBar": False, "responsive": True}
_MARGIN_PX, _PLOT_LEAST_PX = 14, 180
# A legend's entry in pixels: its key, a letter, a row; and the narrowest column of a dashboard.
_LEGEND_KEY_PX, _LETTER_PX, _ROW_PX, _NARROW_PX = 56, 7, 22, 400


def is_dark() -> bool:
    """Whether the visitor's page is in the dark theme."""
    return bool(st.context.theme.type == "dark")


def html(text: str) -> None:
    """Draw HTML that is written with the light palette, in the page's theme."""
    st.html(adaptive(text))


def _legend_rows(figure: go.Figure) -> int:
    """Guess how many rows the legend takes in a narrow column, so that it never meets the plot."""
    # A trace of the kinds that know no legend, such as an icicle, has no such property.
    shown = [one for one in figure.data if getattr(one, "showlegend", False) is not False]
    names = {trace.name or "" for trace in shown}
    if len(names) < 2:
        return 0
    return -(-sum(_LEGEND_KEY_PX + _LETTER_PX * len(name) for name in names) // _NARROW_PX)


def fitted(figure: go.Figure, *, dark: bool = False) -> tuple[go.Figure, str]:
    """Return a copy of a figure that fits any width, and the title that it no longer carries."""
    done = go.Figure(figure)
    title = str(done.layout.title.text or "")
    rows = _legend_rows(done)
    height, below = done.layout.height or 360, 12 + _ROW_PX * rows
    height = max(height + _ROW_PX * max(0, rows - 1), _PLOT_LEAST_PX + _MARGIN_PX + below)
    done.update_layout(title_text="", height=height, margin={"t": _MARGIN_PX, "b": below})
    if dark:
        done = go.Figure(json.loads(darkened(done.to_json())), skip_invalid=True)
    return done, title


def chart(figure: go.Figure, *, key: str, whose: str = "") -> None:
    """Draw a figure with its title above and whose figures these are below."""
    done, title = fitted(figure, dark=is_dark())
    if title:
        st.html(f"<div class='velvet-title'>{escape(title)}</div>")
    st.plotly_chart(done, theme=None, config=CONFIG, key=key)
    if whose:
        st.caption(whose[0].upper() + whose[1:])


def page(title: str, question: str) -> None:
    """Set up a wide page with the project's look, its title and its question; call it first."""
    st.set_page_config(page_title=title, page_icon="🪶", layout="wide")
    html(css())
    st.title(title)
    st.markdown(f"<p class='velvet-soft'>{escape(question)}</p>", unsafe_allow_html=True)


def claim_light(verdict: str, text: str) -> str:
    """Return the HTML of a claim with its verdict as mark, word and colour."""
    colour, mark = VERDICTS[verdict], VERDICT_MARKS[verdict]
    return (
        f"<div class='velvet-claim' style='border-left-color:{colour}'>"
        f"<b style='color:{colour}'>{mark} {verdict.lower()}</b> {escape(text)}</div>"
    )


def verdict(claim: Mapping[str, Any]) -> None:
    """Draw a claim as its sentence and mark; the formula is folded away."""
    html(claim_light(claim["verdict"], claim["text"]))
    with st.expander("how this was judged"):
        st.code("\n".join(claim_lines(claim)), language=None, wrap_lines=True)
