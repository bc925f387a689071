"""A program to hand out: what is in it, what it weighs, how it starts."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_desktop import bundles
from velvet_desktop.contenders import FOUR
from velvet_desktop.dashboard import tasks


def controls() -> dict[str, Any]:
    """Ask what is packed, and by what."""
    return {
        "view": kit.choice("View", list(FOUR), "tk"),
        "backend": kit.choice("Packed by", list(bundles.BACKENDS), "pyinstaller"),
    }


def problem(options: Any) -> str:
    """Say why it cannot be built here."""
    return bundles.why_not(str(options["view"]), str(options["backend"]))


def treemap_of(built: dict[str, Any]) -> go.Figure:
    """Return the largest files of a bundle, and the rest."""
    largest = built["largest"]
    rest = max(0.0, built["mb"] - sum(size for _, size in largest))
    names = [*(name for name, _ in largest), f"{built['files'] - len(largest):,} other files"]
    sizes = [*(size for _, size in largest), rest]
    figure = go.Figure(
        go.Treemap(
            labels=names,
            parents=[""] * len(names),
            values=sizes,
            text=[f"{size:.1f} MB" for size in sizes],
            textinfo="label+text",
            marker={
                "colors": [FILLS[place % 5] for place in range(len(names))],
                "line": {"color": STROKES[0], "width": 1},
            },
            textfont={"color": "#081625"},
            hovertemplate="%{label}: %{text}<extra></extra>",
        )
    )
    return plotly_layout(figure, title=f"{built['mb']:.0f} MB, by file", height=420)


def draw(seen: kit.Seen) -> None:
    """Draw what is being built, then the files by weight."""
    begun, built, started = seen.of("begun"), seen.of("built"), seen.of("started")
    if not begun:
        return
    about = {"view": begun[0]["view"], "packed by": begun[0]["backend"]}
    about["size"] = f"{built[0]['mb']:.1f} MB" if built else "being built"
    if built:
        about |= {"files": f"{built[0]['files']:,}", "built in": f"{built[0]['build_s']:.0f} s"}
    if started:
        ms = started[0]["ms"]
        about["first answer after"] = f"{ms:,.0f} ms" if ms else started[0]["why"]
    seen.table([about])
    if built:
        seen.chart(treemap_of(built[0]), key="files")


def finding(seen: kit.Seen) -> str:
    """Say what the largest file is."""
    built = seen.of("built")
    if not built:
        return ""
    name, size = built[0]["largest"][0]
    return (
        f"**{built[0]['mb']:.0f} MB** in {built[0]['files']:,} files; the largest, {name}, is "
        f"**{size / built[0]['mb']:.0%}** of it."
    )


TAB = kit.Tab(
    "Bundle explorer",
    question="What is in a program that you hand out?",
    tip="Press Build with tk; then choose qt, which takes longer and weighs more.",
    job=kit.Job(tasks.bundle, label="Build", cap_s=1_200, recorded="bundle.jsonl", problem=problem),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(bundles.build,),
    command="velvet bench 21 --filter bundle",
    next_step="Live Benchmarks",
)
