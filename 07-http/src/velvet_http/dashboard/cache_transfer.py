"""Cache and transfer: what a stored response is good for as it ages; which bytes came when."""

from __future__ import annotations

from email.utils import formatdate
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_http.cache import Entry, decide
from velvet_http.dashboard import tasks
from velvet_http.model import Headers, Request
from velvet_http.transfer import download

CONTROLS = (
    "max-age=60", "max-age=60, stale-while-revalidate=60", "max-age=60, must-revalidate",
    "max-age=60, no-cache",
)  # fmt: skip
ASKED = ("nothing", "max-age=20", "min-fresh=20", "max-stale=90", "no-cache", "only-if-cached")
KINDS = {"hit": FILLS[3], "stale": FILLS[2], "revalidate": FILLS[4], "refuse": FILLS[1]}


def controls() -> dict[str, Any]:
    """Ask where the connection breaks."""
    return {"cut_kb": kit.slider("The connection breaks after KB", 5, 60, 22, key="cut")}


def strip(said: str, asked: str, seconds: int = 180) -> list[tuple[str, int, int]]:
    """Return decision, first and last second of each stretch of a stored response's life."""
    fields = {"Date": formatdate(0, usegmt=True), "Cache-Control": said, "ETag": '"v1"'}
    entry = Entry("http://h/", (), 200, Headers(fields), b"", 0.0, 0.0)
    request = Request(
        "GET", "http://h/", Headers({} if asked == "nothing" else {"Cache-Control": asked})
    )
    found = [(decide(request, entry, float(second)), second) for second in range(seconds)]
    runs = [(kind, [second for _, second in run]) for kind, run in groupby(found, lambda f: f[0])]
    return [(kind, run[0], run[-1] + 1) for kind, run in runs]


def life_of(said: str, asked: str) -> go.Figure:
    """Return the life of a stored response as one strip."""
    figure = go.Figure()
    for kind, start, stop in strip(said, asked):
        figure.add_bar(
            y=["age"], x=[stop - start], base=[start], orientation="h", name=kind,
            marker={"color": KINDS[kind], "line": {"color": STROKES[0], "width": 1}},
            text=[kind], insidetextanchor="middle", textangle=0,
        )  # fmt: skip
    plotly_layout(
        figure, title="What the cache does with a request, by the age of its copy", height=190
    )
    figure.update_layout(barmode="stack", showlegend=False)
    figure.update_xaxes(title="seconds since it was stored", range=[0, 180])
    figure.update_yaxes(visible=False)
    return figure


def map_of(parts: list[dict[str, Any]]) -> go.Figure:
    """Return a row a request, a bar for the bytes that it brought."""
    figure = go.Figure()
    figure.add_bar(
        y=[f"request {part['request']}" for part in parts],
        x=[part["stop"] - part["start"] for part in parts],
        base=[part["start"] for part in parts], orientation="h", name="bytes that came",
        marker={"color": FILLS[0], "line": {"color": STROKES[0], "width": 1}},
        customdata=[part["range"] for part in parts],
        hovertemplate="%{y}: asked for %{customdata}<extra></extra>",
    )  # fmt: skip
    plotly_layout(
        figure,
        title="A download of 120,000 bytes that breaks and resumes",
        height=150 + 26 * len(parts),
    )
    figure.update_layout(showlegend=False)
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(title="byte", range=[0, 120_000])
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the life of an entry at once, and the map of the last download."""
    said = kit.choice("The server says", CONTROLS, CONTROLS[1], key="said")
    asked = kit.choice("The request asks for", ASKED, ASKED[0], key="asked")
    kit.Seen(whose="computed from RFC 9111, now").chart(life_of(said, asked), key="life")
    if parts := seen.of("part"):
        seen.chart(map_of(parts), key="parts")


def finding(seen: kit.Seen) -> str:
    """Say what was not sent twice."""
    parts = seen.of("part")
    if not parts:
        return ""
    moved = sum(part["stop"] - part["start"] for part in parts)
    again = sum(part["stop"] for part in parts)
    return (
        f"{len(parts)} requests moved **{moved:,} bytes**, each byte once; beginning anew after "
        f"each cut would have moved {again:,} in as many tries and never been complete."
    )


TAB = kit.Tab(
    "Cache & transfer",
    question="What need not be asked for, or sent, a second time?",
    tip="Let the server say stale-while-revalidate, then break the download more often.",
    job=kit.Job(tasks.resume, label="Download", cap_s=60, recorded="resume.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(decide, download),
    command="velvet run 07 intermediate resume_a_download",
    next_step="the README's decision guide",
)
