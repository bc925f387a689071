"""The page around every dashboard: title, question, style; nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from velvet.bench.views import claim_lines
from velvet.ui.chart import html
from velvet.ui.palette import VERDICT_MARKS, VERDICTS, css


def page(title: str, question: str, *, icon: str = "🪶") -> None:
    """Set up a wide page with the project's look; call it first.

    Args:
        title: the page's name, also in the browser's tab.
        question: the one question that the module answers.
    """
    st.set_page_config(page_title=title, page_icon=icon, layout="wide")
    html(css())
    st.title(title)
    st.markdown(f"<p class='velvet-soft'>{escape(question)}</p>", unsafe_allow_html=True)


def claim_light(verdict: str, text: str, details: list[str]) -> str:
    """Return the HTML of a claim with its verdict as mark, word and colour."""
    colour, mark = VERDICTS[verdict], VERDICT_MARKS[verdict]
    lines = "".join(f"<div class='velvet-soft'>{escape(line)}</div>" for line in details)
    return (
        f"<div class='velvet-claim' style='border-left-color:{colour}'>"
        f"<b style='color:{colour}'>{mark} {verdict.lower()}</b> {escape(text)}{lines}</div>"
    )


def verdict(claim: Mapping[str, Any]) -> None:
    """Draw a claim as its sentence and mark; the formula is folded away."""
    html(claim_light(claim["verdict"], claim["text"], []))
    with st.expander("how this was judged"):
        st.code("\n".join(claim_lines(claim)), language=None, wrap_lines=True)
