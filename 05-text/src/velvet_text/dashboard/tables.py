"""Small tables as HTML: `st.table` imports pandas first, which takes seconds on a busy machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from velvet.ui.chart import html
from velvet.ui.palette import LINE, TEXT, TEXT_SOFT

SHORT = 14  # characters that even a phone's column holds in one line


def markup(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows with the same keys as a table that scrolls sideways; every cell is escaped."""
    if not rows:
        return ""
    cell = f"text-align:left;padding:.35rem .5rem;border-bottom:1px solid {LINE}"
    head = "".join(
        f"<th style='{cell};{_wrap(name)};color:{TEXT_SOFT};font-weight:500'>{escape(name)}</th>"
        for name in rows[0]
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td style='{cell};{_wrap(value)}'>{escape(value)}</td>" for value in row.values()
        )
        + "</tr>"
        for row in rows
    )
    return (
        f"<div style='overflow-x:auto'><table style='border-collapse:collapse;color:{TEXT};"
        f"font-size:.9rem'><tr>{head}</tr>{body}</table></div>"
    )


def _wrap(value: str) -> str:
    """Return the style that keeps short values and words in one piece and breaks long ones."""
    if len(value) <= SHORT:
        return "white-space:nowrap"
    longest = max(map(len, value.split()), default=0)
    return f"overflow-wrap:{'normal' if longest <= SHORT else 'anywhere'}"


def table(rows: Sequence[Mapping[str, str]]) -> None:
    """Draw rows as a table."""
    html(markup(rows))
