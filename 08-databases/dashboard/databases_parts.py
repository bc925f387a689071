"""Parts that every tab has: the button with its progress, stored results, bars."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from databases_session import CHART, HERE, Session, ladder

from velvet.bench import views
from velvet.bench.results import load
from velvet.errors import VelvetError
from velvet.ui import panels
from velvet.ui.frame import claim_light, provenance
from velvet.ui.palette import pair, plotly_layout
from velvet_databases.explorer.requests import Request
from velvet_databases.explorer.telling import read_told

RESULTS = HERE / "benchmarks" / "results"
FILES = {"reference machine": RESULTS / "reference.json", "this machine": RESULTS / "local.json"}
MAKE = "python benchmarks/measure.py --quick"
DATABASES = {"SQLite": "sqlite", "PostgreSQL": "postgresql"}
LADDER = (
    "The button asks the ladder for a PostgreSQL: an address that is given, a local binary, a "
    "container, a wheel. One that it starts itself runs with fsync=off and is gone afterwards."
)


def runner(
    state: Session,
    request: Request,
    label: str,
    *,
    server: bool,
    about: str,
    mine: bool | None = None,
) -> None:
    """Draw a job's button, its stop, its progress, and whose figures are shown.

    Args:
        server: whether the job needs a PostgreSQL.
        about: what it does and how long that takes.
        mine: whether what is shown was measured here; by default if anything of the job was.
    """
    job = request.job
    problems = request.problems()
    missing = ladder() if server else ""
    row = st.container(horizontal=True, vertical_alignment="center")
    # No callback: it would get what was asked for when the page was last drawn.
    pressed = row.button(
        label,
        key=f"databases_run_{job}",
        type="primary",
        disabled=bool(problems or missing or state.running),
        help=f"{about} {LADDER if server and not missing else ''}".strip(),
    )
    if job in state.jobs and row.button("Stop", key=f"databases_stop_{job}"):
        state.stop(job)
        st.rerun()
    with row:
        _status(state, job, server=server, mine=bool(state.own(job)) if mine is None else mine)
    for problem in problems:
        st.error(problem)
    if missing:
        st.warning(f"The button needs a PostgreSQL, and there is {missing}")
    if pressed:
        state.start(request)
        st.rerun()


def _status(state: Session, job: str, *, server: bool, mine: bool) -> None:
    if job in state.jobs:
        told = state.told(job)
        what = told.what or "the child starts, and a server where it needs one"
        st.progress(told.share, text=f"{what} ({state.jobs[job].seconds:.0f} s)")
        return
    if state.running:
        st.caption("Another job runs; one at a time.")
        return
    whose = "measured here" if mine else "recorded; the button measures here"
    servers = "; ".join(read_told(state.events(job)).servers) if server else ""
    st.caption(f"Shown: {whose}." + (f" {servers}." if servers else ""))
    if state.messages.get(job):
        st.info(state.messages[job])


@st.cache_data(show_spinner=False, max_entries=4)
def _load(path: str, stamp: float) -> dict[str, Any]:  # noqa: ARG001 - the stamp is the cache's key
    return load(Path(path))


def stored_results() -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the results files that can be read, by whose they are, and what is wrong with the rest."""
    found, problems = {}, []
    for name, path in FILES.items():
        if not path.is_file():
            continue
        try:
            found[name] = _load(str(path), path.stat().st_mtime)
        except VelvetError as error:
            problems.append(str(error))
    return found, problems


def _named(found: dict[str, Any], benches: Sequence[str]) -> list[dict[str, Any]]:
    return [one for one in found["comparisons"] if one["name"] in benches]


def stored(benches: Sequence[str], key: str) -> None:
    """Draw what `benchmarks/measure.py` has stored for some comparisons, with their claims."""
    st.subheader("Stored results")
    results, problems = stored_results()
    for problem in problems:
        st.warning(problem)
    usable = {
        whose: here
        for whose, found in results.items()
        if (here := sorted(_named(found, benches), key=lambda one: benches.index(one["name"])))
    }
    if not usable:
        st.info(
            f"No results of {', '.join(benches)} are stored yet. This makes them, here in the "
            f"module's folder: `{MAKE}`."
        )
        return
    first, second, third = st.columns(3)
    whose = first.selectbox("results of", list(usable), key=f"databases_whose_{key}")
    about = {one["name"]: one for one in usable[whose]}
    bench = second.selectbox("comparison", list(about), key=f"databases_bench_{key}")
    found = results[whose]
    measured = [e for e in found["results"] if e["bench"] == bench and "median" in e]
    metrics = list(dict.fromkeys(entry["metric"] for entry in measured))
    metrics.sort(key=lambda name: name != about[bench]["metric"])
    metric = third.selectbox(
        "metric", metrics or [about[bench]["metric"]], key=f"databases_metric_{key}_{bench}"
    )
    figure = panels.heatmap(views.matrix(found, bench, metric), title=about[bench]["title"])
    st.plotly_chart(figure, theme=None, config=CHART, key=f"databases_stored_{key}")
    st.caption(
        f"Each cell is relative to its column's best; blank was not measured. {provenance(found)}"
    )
    lights = [
        claim_light(claim["verdict"], claim["text"], views.claim_lines(claim))
        for claim in found["claims"]
        if bench in claim["benches"]
    ]
    if lights:
        st.html("".join(lights))


def bars(
    values: Mapping[str, float],
    *,
    title: str,
    unit: str,
    marked: Sequence[str] = (),
    log: bool = False,
) -> go.Figure:
    """Draw one bar a name, the marked ones filled strongly and patterned."""
    figure = go.Figure()
    names = list(values)
    fill, stroke = pair(0)
    pale = pair(5)[0]
    figure.add_bar(
        orientation="h",
        y=names,
        x=list(values.values()),
        text=[f"{views.number(value)} {unit}" for value in values.values()],
        textposition="outside",
        cliponaxis=False,
        marker={
            "color": [fill if name in marked else pale for name in names],
            "line": {"color": stroke, "width": 1.2},
            "pattern": {
                "shape": ["/" if name in marked else "" for name in names],
                "fgcolor": stroke,
                "size": 6,
            },
        },
        hovertemplate="%{y}: %{text}<extra></extra>",
        showlegend=False,
    )
    plotly_layout(figure, title=title, height=110 + 30 * max(3, len(names)))
    top = max(values.values(), default=1.0)
    if log:
        logs = [math.log10(value) for value in values.values() if value > 0] or [0.0]
        # A bar on a logarithmic axis has no natural foot: the shortest one gets a third of a decade.
        span = [min(logs) - 0.35, max(logs) + 0.14 * (max(logs) - min(logs)) + 0.3]
        figure.update_xaxes(type="log", title=unit, range=span, dtick=1)
    else:
        figure.update_xaxes(range=[0, top * 1.28], title=unit)
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def chips(absent: Mapping[str, str]) -> None:
    """Show what cannot be used here, greyed, each with its reason."""
    if absent:
        st.html(
            "<p>"
            + " ".join(
                f"<span class='velvet-tag velvet-planned' title='{html.escape(why, quote=True)}'>"
                f"{html.escape(name)}: {html.escape(why)}</span>"
                for name, why in absent.items()
            )
            + "</p>"
        )
