"""Growth lab: contenders of a family over size, with fitted exponents and where they cross."""

from __future__ import annotations

import html

import plotly.graph_objects as go
import streamlit as st
from algorithms_session import (
    CHART,
    WRAPPED,
    Session,
    beside,
    buttons,
    decades,
    ended,
    live_fragment,
    recorded_text,
)
from algorithms_stored import curves as stored_curves

from velvet.bench.views import quantity
from velvet.ui import panels
from velvet.ui.palette import LINE, TEXT, WHITE
from velvet_algorithms.contenders import Contender, contenders, families
from velvet_algorithms.explorer import (
    MOST_CURVES,
    Crossing,
    Curve,
    LabRequest,
    LabRun,
    crossings,
    family_of,
    read_lab,
    read_recording,
)

PURPOSE = "grow"
SAMPLE = "recorded_growth.jsonl"
# Shown first: a built-in that wins small and loses large.
USUAL = "sorted"
_ENOUGH = "Fits rest on at least five sizes that span a factor of 30; the smallest is left out."
_SHORT = (
    "Some fits rest on fewer than five sizes or span less than a factor of 30: read their "
    "exponents with care."
)


@st.cache_data(show_spinner=False, max_entries=1)
def _recorded() -> dict[str, LabRun]:
    return read_recording(recorded_text(SAMPLE))


def draw(state: Session) -> None:
    """Draw the tab."""
    request, able = _controls()
    problem = "; ".join(request.problems())
    busy = state.busy(PURPOSE)
    if buttons(
        state,
        PURPOSE,
        "Measure growth",
        busy=busy,
        problem=problem,
        about="In a child process, at most 15 s, all contenders interleaved size by size.",
        more="Answers are compared before anything is timed; who would take too long is left out",
    ):
        state.start(PURPOSE, request, request.argv())
        st.rerun()
    _absent([one for one in contenders(request.family) if one.absent])
    live_fragment(lambda: _below(state, request.family, request.names or able, busy), busy=busy)


def _controls() -> tuple[LabRequest, tuple[str, ...]]:
    names = families()
    first, second, third, fourth = st.columns([3, 2, 2, 2])
    family = first.selectbox(
        "family",
        names,
        index=names.index(USUAL),
        key="algorithms_family",
        format_func=lambda name: f"{name}: {family_of(name).question}",
    )
    offered = family_of(family)
    smallest = second.number_input(
        "smallest n", value=offered.smallest, step=10, key=f"algorithms_smallest_{family}"
    )
    largest = third.number_input(
        "largest n", value=offered.largest, step=100, key=f"algorithms_largest_{family}"
    )
    steps = fourth.slider("sizes", 3, 9, 6, key="algorithms_steps")
    able = tuple(one.name for one in contenders(family) if not one.absent)
    chosen = st.multiselect(
        f"contenders, at most {MOST_CURVES}",
        able,
        default=able[:MOST_CURVES],
        max_selections=MOST_CURVES,
        key=f"algorithms_contenders_{family}",
        **WRAPPED,
    )
    return LabRequest(family, int(smallest), int(largest), steps, tuple(chosen)), able


def _absent(missing: list[Contender]) -> None:
    """Show who cannot run here greyed, with the command that changes that."""
    chips = [
        f"<span class='velvet-tag velvet-planned'>{html.escape(f'{one.name}: {one.absent}')}</span>"
        for one in missing
    ]
    if chips:
        st.html("Not available here: " + " ".join(chips))


def shown(state: Session, family: str, names: tuple[str, ...]) -> tuple[LabRun, str]:
    """Return the run to show and whose it is: this visitor's, a stored one, the recorded one."""
    asked = state.asked.get(PURPOSE)
    if asked is not None and asked.family == family:
        run = read_lab(state.events(PURPOSE))
        if run.curves or state.busy(PURPOSE):
            return run, "measured here" + ("" if run.finished else " so far")
    origin, points = stored_curves(family)
    if points:
        kinds = {one.name: one.kind for one in contenders(family)}
        run = LabRun(family)
        for name, n, seconds in points:
            if name in names:
                run.add(name, kinds.get(name, ""), n, seconds)
        if run.curves:
            return run, f"stored: {origin}"
    recorded = _recorded().get(family, LabRun(family))
    kept = {name: curve for name, curve in recorded.curves.items() if name in names}
    left = [one for one in recorded.left if one[0] in names]
    return LabRun(family, kept, left, finished=True), (
        "a recorded sample in processor time; Measure growth shows your own machine, "
        "`python benchmarks/measure.py` measures it carefully"
    )


def _below(state: Session, family: str, names: tuple[str, ...], was_busy: bool) -> None:
    run, origin = shown(state, family, names)
    if state.busy(PURPOSE):
        share = run.done / run.total if run.total else 0.0
        seconds = state.jobs[PURPOSE].seconds
        st.progress(min(1.0, share), text=f"{run.done} of {run.total} points, {seconds:.0f} s")
    ended(state, PURPOSE, was_busy)
    for problem in run.differs:
        st.error(problem)
    curves = list(run.curves.values())
    if not curves:
        st.caption("Nothing is known yet: press Measure growth.")
        return
    found = crossings(curves)
    st.plotly_chart(figure(family, curves, found), theme=None, config=CHART, key="growth_figure")
    st.caption(f"Shown: {origin}. {_ENOUGH if run.enough else _SHORT}")
    left, right = st.columns([3, 2])
    with left:
        st.dataframe(_rows(curves), hide_index=True)
    with right:
        _crossings(found)
        _left_out(run)


def figure(family: str, curves: list[Curve], found: list[Crossing]) -> go.Figure:
    """Draw seconds over size, both logarithmic, with a star wherever the lead changes hands."""
    series = {curve.label: list(zip(curve.sizes, curve.seconds, strict=True)) for curve in curves}
    drawn = panels.lines(
        series, title=f"{family}: {family_of(family).question}", x="n", y="seconds", log=True
    )
    beside(drawn, height=430)
    if found:
        drawn.add_scatter(
            x=[one.size for one in found],
            y=[one.seconds for one in found],
            mode="markers",
            showlegend=False,
            marker={
                "symbol": "star",
                "size": 17,
                "color": WHITE,
                "line": {"color": TEXT, "width": 1.6},
            },
            customdata=[f"{one.faster} passes {one.slower}" for one in found],
            hovertemplate="%{customdata} at n = %{x:,.0f}<extra></extra>",
        )
    powers, texts = decades([value for curve in curves for value in curve.seconds])
    minor = {"ticks": "outside", "dtick": "D1", "tickcolor": LINE}
    drawn.update_xaxes(dtick=1, tickformat=",", minor=minor)
    drawn.update_yaxes(tickvals=powers, ticktext=texts, title="time of one run")
    return drawn


def _rows(curves: list[Curve]) -> list[dict[str, str]]:
    rows = []
    for curve in sorted(curves, key=lambda one: one.seconds[-1] / one.sizes[-1]):
        power, shape = curve.power, curve.shape
        rows.append(
            {
                "contender": curve.name,
                "kind": curve.kind,
                "largest n": f"{curve.sizes[-1]:,}",
                "time there": quantity(curve.seconds[-1], "s"),
                "exponent": f"{power.exponent:.2f} ± {power.ci95:.2f}" if power else "",
                "shape": shape.name if shape else "",
            }
        )
    return rows


def _crossings(found: list[Crossing]) -> None:
    if not found:
        st.caption("No lead changes hands between these sizes.")
        return
    st.markdown("**Where the lead changes**")
    st.markdown(
        "\n".join(f"- {one.faster} passes {one.slower} at n ≈ {one.size:,.0f}" for one in found[:8])
    )


def _left_out(run: LabRun) -> None:
    if run.left:
        first: dict[str, str] = {}
        for name, n, why in run.left:
            first.setdefault(name, f"{name} from n = {n:,} on ({why})")
        st.caption(f"Left out: {'; '.join(first.values())}.")
