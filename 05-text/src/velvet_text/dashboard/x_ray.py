"""X-ray: what a text is made of, how long it is, and what it hides."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html
from velvet.ui.palette import LAVENDER_SOFT, LINE, TEXT, TEXT_SOFT
from velvet_text import inspect_text, normalize, units
from velvet_text.dashboard.tables import table

SAMPLES = {
    "family": "ann👨‍👩‍👧‍👦!",
    "two forms": "é e\u0301",
    "trojan": "if user\u202e\u2066// ok\u2069\u2066:",
    "homoglyph": "pаypal",  # noqa: RUF001 - the letter that looks like another is the subject
    "my own": "",
}
MAX_ROWS = 40


def controls() -> dict[str, Any]:
    """Ask for a text."""
    name = kit.choice("Text", list(SAMPLES), "family", key="sample")
    text = SAMPLES[name] or kit.text("Paste a text", "naïve ﬁancé", key="text")
    return {"text": text}


def rows(text: str) -> list[dict[str, str]]:
    """Return a row for each code point."""
    return [
        {
            "character": inspect_text.safe_log(c),
            "code point": f"U+{ord(c):04X}",
            "name": unicodedata.name(c, "unnamed").lower(),
            "kind": unicodedata.category(c),
            "UTF-8": c.encode("utf-8", "surrogatepass").hex(" "),
        }
        for c in text[:MAX_ROWS]
    ]


def boxes(text: str) -> str:
    """Return the graphemes as boxes."""
    style = (
        f"display:inline-block;border:1px solid {LINE};border-radius:8px;padding:.1rem .45rem;"
        f"margin:.12rem;background:{LAVENDER_SOFT};color:{TEXT};font-size:1.25rem"
    )
    shown = (escape(inspect_text.safe_log(g)) for g in units.graphemes(text)[:MAX_ROWS])
    return "".join(f"<span style='{style}'>{g}</span>" for g in shown)


def draw(seen: kit.Seen) -> None:
    """Draw boxes, lengths, characters, findings and keys."""
    text = seen.options["text"]
    found = units.lengths(text)
    html(f"<div class='velvet-figure'>{boxes(text)}</div>")
    counts = {
        "graphemes": found.graphemes,
        "code points": found.code_points,
        "UTF-16 units": found.utf16,
        "UTF-8 bytes": found.utf8,
        "columns": found.columns,
    }
    cells = "".join(
        f"<div><b style='font-size:1.3rem;color:{TEXT}'>{count}</b><br>"
        f"<span style='color:{TEXT_SOFT}'>{name}</span></div>"
        for name, count in counts.items()
    )
    html(f"<div style='display:flex;flex-wrap:wrap;gap:1.4rem;margin:.6rem 0'>{cells}</div>")
    table(rows(text))
    said: dict[tuple[str, str], list[str]] = {}
    for one in inspect_text.inspect(text):
        said.setdefault((one.severity, inspect_text.safe_log(one.message)), []).append(
            str(one.span[0])
        )
    for (severity, message), places in list(said.items())[:8]:
        show = {"danger": st.error, "warn": st.warning}.get(severity, st.info)
        show(f"{message} (at {', '.join(places[:6])})")
    keys = [
        {"level": level, "key": ascii(normalize.canonical_key(text, level))[1:-1]}
        for level in normalize.LEVELS
    ]
    table(keys)


def finding(seen: kit.Seen) -> str:
    """Say how far the lengths are apart."""
    text = seen.options["text"]
    found = units.lengths(text)
    hidden = sum(one.severity == "danger" for one in inspect_text.inspect(text))
    words = f"A reader sees **{found.graphemes}**, Python counts **{found.code_points}**"
    words += f", a database with a limit in bytes **{found.utf8}**"
    return words + (
        f"; {hidden} dangerous {'place' if hidden == 1 else 'places'}." if hidden else "."
    )


TAB = kit.Tab(
    "X-ray",
    question="How long is this text, and what does it hide?",
    tip="Choose *homoglyph*, then paste a name from your own database.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(units.truncate, normalize.canonical_key),
    command="velvet run 05 five_lengths",
    next_step="Decoder",
)
