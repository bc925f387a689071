"""Pitfalls: the catalogue, searched and run live, wrong beside right."""

from __future__ import annotations

from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet_text import pitfalls

ALL = "all"
MAX_SHOWN = 12


def controls() -> dict[str, Any]:
    """Ask for words and an area."""
    area = kit.choice("Area", [ALL, *pitfalls.AREAS], ALL, key="area")
    words = kit.text("Search", "", max_chars=40, key="words")
    return {"area": "" if area == ALL else area, "words": words}


def found(seen: kit.Seen) -> list[pitfalls.Pitfall]:
    """Return the entries that are asked for."""
    return list(pitfalls.search(seen.options["words"], area=seen.options["area"]))


def draw(seen: kit.Seen) -> None:
    """Draw each entry with what it gives on this Python."""
    entries = found(seen)
    st.table(
        [
            {"pitfall": one.title, "wrong gives": one.run()[0], "right gives": one.run()[1]}
            for one in entries[:MAX_SHOWN]
        ]
    )
    for one in entries[:MAX_SHOWN]:
        with st.expander(one.title):
            st.code(
                f"# wrong\n{one.wrong}\n# right\n{one.right}", language="python", wrap_lines=True
            )
            st.caption(f"{one.why} ({one.source})")


def finding(seen: kit.Seen) -> str:
    """Count the entries."""
    entries = found(seen)
    if not entries:
        return "Nothing in the catalogue has these words."
    more = f"; the first {MAX_SHOWN} are shown" if len(entries) > MAX_SHOWN else ""
    right = sum(one.is_shown for one in entries)
    return (
        f"**{len(entries)}** entries{more}; on this Python {right} of them go wrong as described."
    )


TAB = kit.Tab(
    "Pitfalls",
    question="Which line of mine is silently wrong?",
    tip="Search for `strip`, `sharp` or `newline`.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(pitfalls.search,),
    command="velvet bench 05 --filter pitfalls",
    next_step="Live Benchmarks",
)
