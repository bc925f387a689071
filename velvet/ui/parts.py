"""What a tab is made of: what it sees of a run, and controls whose values stand in the address.

Streamlit's own widgets do the work. Their key begins with the tab's name, so that two tabs may
use one label, and `bind` puts what is not the default into the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui.chart import chart, html

HERE = "this machine, now"
current_tab: ContextVar[str] = ContextVar("current_tab", default="")


@dataclass(frozen=True)
class Seen:
    """What a tab shows: the events of one run, and whose figures these are.

    Attributes:
        events: what the task has told so far, in order.
        options: the options of the run that is shown.
        wanted: the options that the controls ask for.
        whose: the machine and the moment.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    options: Mapping[str, Any] = field(default_factory=dict)
    wanted: Mapping[str, Any] = field(default_factory=dict)
    running: bool = False
    whose: str = HERE

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one type."""
        return [event for event in self.events if event.get("type") == kind]

    def chart(self, figure: go.Figure, *, key: str) -> None:
        """Draw a Plotly figure with whose figures these are."""
        chart(figure, key=f"{current_tab.get()}-{key}", whose=self.whose)

    def table(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Draw rows as a table with whose figures these are.

        A column with a text in it is one of texts: Arrow takes no mixture, and says so at length.
        """
        if rows:
            texts = {name for row in rows for name, cell in row.items() if isinstance(cell, str)}
            st.table([{k: _plain(str(v) if k in texts else v) for k, v in r.items()} for r in rows])
            st.caption(self.whose[0].upper() + self.whose[1:])


def _plain(cell: Any) -> Any:
    """Return a cell in which `__init__` is no bold, and a dash no list; backticks are left."""
    if not isinstance(cell, str):
        return cell
    parts = re.sub(r"^(\d*)([-+*#>.)])(?=\s|$)", r"\1\\\2", cell).split("`")
    parts[::2] = [part.replace("__", r"\_\_") for part in parts[::2]]
    return "`".join(parts)


def slug(text: str) -> str:
    """Return lower-case words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _kept(label: str, key: str, tip: str | None) -> dict[str, Any]:
    """Return the arguments of a control whose value stands in the address."""
    place = f"{current_tab.get()}-{key or slug(label)}"
    return {"key": place, "help": tip, "bind": "query-params"}


def slider(
    label: str,
    low: float,
    high: float,
    default: float,
    *,
    step: Any = None,
    key: str = "",
    tip: str | None = None,
) -> Any:
    """Draw a slider whose value stands in the address."""
    return st.slider(label, low, high, default, step, **_kept(label, key, tip))


def number(
    label: str,
    low: float,
    high: float,
    default: float,
    *,
    step: Any = None,
    key: str = "",
    tip: str | None = None,
) -> Any:
    """Draw a field for a number that refuses what is out of range; it stands in the address."""
    about = f"{label} ({low:g} to {high:g})"
    return st.number_input(about, low, high, default, step, **_kept(label, key, tip))


def choice(
    label: str,
    options: Sequence[str],
    default: str | None = None,
    *,
    key: str = "",
    tip: str | None = None,
) -> str:
    """Draw one choice of a few; a menu where they are many. It stands in the address."""
    first = options[0] if default is None else default
    kept = _kept(label, key, tip)
    if len(options) > 6 or sum(map(len, options)) > 90:
        return str(st.selectbox(label, options, list(options).index(first), **kept))
    chosen = st.segmented_control(label, options, default=first, **kept)
    return str(chosen or first)  # a second click on a segment chooses nothing


def toggle(label: str, default: bool = False, *, key: str = "", tip: str | None = None) -> bool:
    """Draw a switch that stands in the address."""
    return bool(st.toggle(label, default, **_kept(label, key, tip)))


def text(
    label: str, default: str = "", *, max_chars: int = 200, key: str = "", tip: str | None = None
) -> str:
    """Draw a line of text that stands in the address."""
    return str(st.text_input(label, default, max_chars=max_chars, **_kept(label, key, tip)))


def note(words: str) -> None:
    """Draw a soft line, for what is not installed and the like; one line for all of it."""
    html(f"<p class='velvet-soft'>{escape(words)}</p>")
