"""Small tables as HTML: `st.table` imports pandas first, which takes seconds on a busy machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from velvet.ui.chart import html
from velvet.ui.palette import LINE, TEXT, TEXT_SOFT


def markup(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows with the same keys as a table that scrolls sideways; every cell is escaped."""
    if not rows:
        return ""
    cell = f"text-align:left;padding:.35rem .6rem;border-bottom:1px solid {LINE}"
    head = "".join(
        f"<th style='{cell};color:{TEXT_SOFT};font-weight:500'>{escape(name)}</th>"
        for name in rows[0]
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td style='{cell}'>{escape(value)}</td>" for value in row.values())
        + "</tr>"
        for row in rows
    )
    return (
        f"<div style='overflow-x:auto'><table style='border-collapse:collapse;color:{TEXT};"
        f"font-size:.9rem;overflow-wrap:anywhere'><tr>{head}</tr>{body}</table></div>"
    )


def table(rows: Sequence[Mapping[str, str]]) -> None:
    """Draw rows as a table."""
    html(markup(rows))
