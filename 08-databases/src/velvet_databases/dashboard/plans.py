"""The tab that shows a plan before and after an index."""

from __future__ import annotations

import html
from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html as draw_html
from velvet.ui.palette import LAVENDER, STROKES, TEXT, pair
from velvet_databases import explain
from velvet_databases.dashboard import tasks
from velvet_databases.dashboard._parts import bars, no_server


def tree_html(found: dict[str, Any]) -> str:
    """Return a plan as nested rows; a bar in each shows its share of the pages touched."""
    lines = []
    for row in found["tree"]:
        share = f"{pair(0)[0]}55 {row['share']:.0%}, transparent {row['share']:.0%}"
        lines.append(
            f"<div style='margin:3px 0 3px {22 * row['depth']}px;padding:4px 9px;border:1px solid "
            f"{LAVENDER};border-left:4px solid {STROKES[0]};border-radius:8px;"
            f"background:linear-gradient(90deg, {share});color:{TEXT};font-size:0.88rem;"
            f"overflow-wrap:anywhere'><b>{html.escape(row['kind'])}</b> {html.escape(row['what'])}"
            f"<div>{html.escape(row['figures'])}</div></div>"
        )
    return f"<div class='velvet-figure'>{''.join(lines)}</div>"


def draw(seen: kit.Seen) -> None:
    """Draw the pages touched by index, then two plans under each other."""
    database = kit.choice("Database", [tasks.POSTGRES, tasks.SQLITE])
    plans = {one["index"]: one for one in seen.of("explained") if one["database"] == database}
    if not plans:
        return
    before = kit.choice("Before", list(plans))
    after = kit.choice("After", list(plans), "composite" if "composite" in plans else None)
    for name in dict.fromkeys((before, after)):
        made = plans[name]["made_by"] or "no index beyond the primary key"
        st.markdown(f"**{name}**: `{made}`")
        draw_html(tree_html(plans[name]))
        for advice in plans[name]["advice"]:
            st.warning(advice)
    if database == tasks.SQLITE:
        kit.note(
            "SQLite says what it will do and counts nothing; PostgreSQL counts rows and pages."
        )
        return
    pages = {name: float(one["pages"]) for name, one in plans.items()}
    title = f"Pages of 8 kB for one customer's newest open events, of {plans[before]['rows']:,}"
    figure = bars(pages, title=title, unit="pages", marked=(before, after), log=True)
    seen.chart(figure, key="pages")
    paging = {one["index"]: float(one["pages"]) for one in seen.of("paging")}
    if paging:
        title = "Pages of 8 kB for twenty rows near the end: an offset reads all that it skips"
        seen.chart(
            bars(paging, title=title, unit="pages", marked=("keyset",), log=True), key="paging"
        )


def finding(seen: kit.Seen) -> str:
    """Compare the pages touched without an index with those of the composite one."""
    pages = {
        one["index"]: one["pages"]
        for one in seen.of("explained")
        if one["database"] == tasks.POSTGRES
    }
    if not pages.get("composite"):
        return ""
    factor = pages["none"] / pages["composite"]
    return (
        f"Without an index PostgreSQL touches {pages['none']:,} pages, with the composite one "
        f"{pages['composite']:,}: **{factor:,.0f}x less**."
    )


TAB = kit.Tab(
    "Plans",
    question="What changes in the plan when the right index is there?",
    tip="Choose two indexes and compare the pages that their plans touch.",
    job=kit.Job(tasks.plans, label="Explain", recorded="plans.jsonl", problem=no_server),
    draw=draw,
    finding=finding,
    code=(explain._seq_scan, explain._offset),
    command="velvet bench 08 --filter index_effect",
    next_step="Live migration",
)
