"""Live Benchmarks: one comparison measured now, with growing intervals and claim lights."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from concurrency_catalogue import catalogue
from concurrency_heatmap import MAKE, stored
from concurrency_session import CHART, HERE, WRAPPED, Session, live_fragment

from velvet.bench import views
from velvet.bench.stats import Interval, paired_ratio, round_ratio
from velvet.ui import panels
from velvet.ui.frame import claim_light, provenance
from velvet.ui.job import Job
from velvet_concurrency.explorer import Progress, follow

MEASURE = HERE / "benchmarks" / "measure.py"
CAP_S = 600.0
USUAL = ("limiter_ops", "breakers_closed", "overload")
Bench = dict[str, Any]


@st.cache_data(show_spinner="reading what can be measured", max_entries=2)
def _catalogue(path: str, stamps: tuple[float, ...]) -> dict[str, Any]:  # noqa: ARG001 - cache key
    return catalogue(Path(path))


def draw(state: Session) -> None:
    """Draw the tab; its lower part redraws itself while a benchmark runs."""
    stamps = tuple(path.stat().st_mtime for path in sorted(MEASURE.parent.glob("*.py")))
    known = _catalogue(str(MEASURE), stamps)
    if "problem" in known:
        st.warning(known["problem"])
        return
    busy = state.bench_job is not None and state.bench_job.running
    bench = _controls(state, known, busy)
    live_fragment(lambda: _below(state, known, bench, busy), busy=busy)


def _controls(state: Session, known: dict[str, Any], busy: bool) -> Bench:
    benches = {one["name"]: one for one in known["comparisons"]}
    usual = next((list(benches).index(name) for name in USUAL if name in benches), 0)
    left, right = st.columns([1, 2])
    name = left.selectbox(
        "comparison", list(benches), index=usual, key="concurrency_live_bench", disabled=busy
    )
    bench: Bench = benches[name]
    able = [one for one, missing in bench["contenders"].items() if not missing]
    chosen = right.multiselect(
        "contenders",
        able,
        default=able,
        key=f"concurrency_live_{name}",
        disabled=busy,
        **WRAPPED,
    )
    _missing(bench)
    row = st.container(horizontal=True, vertical_alignment="center")
    problem = _problem(bench, chosen)
    if row.button(
        "Measure",
        type="primary",
        key="concurrency_measure",
        disabled=busy or bool(problem),
    ):
        _start(state, bench, chosen, able)
        st.rerun()
    row.button(
        "Stop",
        key="concurrency_measure_stop",
        disabled=not busy,
        on_click=_stop,
        args=(state,),
    )
    note = "" if chosen == able else "Claims are judged when every contender runs."
    row.caption(problem or note or bench["title"])
    return bench


def _problem(bench: Bench, chosen: list[str]) -> str:
    if not chosen:
        return "Choose at least one contender."
    if bench["baseline"] and bench["baseline"] not in chosen:
        return f"Choose {bench['baseline']} too: every figure is a ratio to it."
    return ""


def _missing(bench: Bench) -> None:
    """Show what cannot run here greyed, with what would change that."""
    chips = [
        f"<span class='velvet-tag velvet-planned'>{html.escape(name)}: {html.escape(why)}</span>"
        for name, why in bench["contenders"].items()
        if why
    ]
    if chips:
        st.html("Not available here: " + " ".join(chips))


def _start(state: Session, bench: Bench, chosen: list[str], able: list[str]) -> None:
    argv = [str(MEASURE), "--quick", "--json", "-", "--filter", bench["name"]]
    if chosen != able:
        argv += [part for name in chosen for part in ("--contender", name)]
    state.bench = dict(bench)
    state.bench_job = Job(argv, cwd=HERE, cap_s=CAP_S)


def _stop(state: Session) -> None:
    if state.bench_job is not None:
        state.bench_job.stop()


def _below(state: Session, known: dict[str, Any], bench: Bench, busy: bool) -> None:
    job = state.bench_job
    if job is None or state.bench["name"] != bench["name"]:
        _stored(known, bench)
        return
    if not job.running:
        job.stop()  # it has ended: this closes its pipes
        if busy:
            st.rerun()
    found = follow(list(job.events), bench=bench["name"], clock=bench["clock"])
    _status(job, found)
    for error in dict.fromkeys(found.errors):
        st.warning(error)
    if found.results is not None:
        _results(found.results, bench)
        return
    pairs = growing(found, bench)
    if pairs:
        _ratios(pairs, bench, "Ratios so far, 95 % intervals", ask=False)
    _lights([claim_light(verdict, text, []) for text, verdict in found.claims])


def _status(job: Job, found: Progress) -> None:
    if job.running:
        text = f"{found.where or 'starting'}: {found.rounds} samples, {job.seconds:.0f} s"
        st.progress(found.share, text=text)
    elif job.stopped:
        st.info(f"{job.stopped} after {job.seconds:.0f} s; what was measured until then is shown")
    elif found.results is None:
        st.error(job.error or "ended without results")


def growing(found: Progress, bench: Bench) -> list[dict[str, Any]]:
    """Return the ratios to the baseline that the samples so far allow, with their intervals."""
    ratio: Callable[[Any, Any], Interval | None] = (
        paired_ratio
        if bench["kind"] == "micro"
        else lambda first, second: round_ratio(first[0], second[0])
    )
    pairs = []
    for size, by_contender in found.samples.items():
        base = by_contender.get(bench["baseline"] or "")
        for name in bench["contenders"]:
            groups = by_contender.get(name)
            if base is None or groups is None or name == bench["baseline"]:
                continue
            first, second = (base, groups) if bench["metric"] == "ops" else (groups, base)
            interval = ratio(first, second)
            if interval is not None:
                pairs.append({"a": name, "size": _axes(size), **_bounds(interval)})
    return pairs


def _axes(size: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in size.split(",") if "=" in part)


def _bounds(interval: Interval) -> dict[str, Any]:
    lo, hi = (
        None if x is None or not math.isfinite(x) or x <= 0 else x
        for x in (interval.lo, interval.hi)
    )
    return {"ratio": interval.value, "lo": lo, "hi": hi, "n": interval.n}


def _at_one_size(pairs: list[dict[str, Any]], bench: Bench, *, ask: bool) -> tuple[Any, str]:
    """Return the pairs of one size and its text: the one asked for, or the newest."""
    sizes = list(dict.fromkeys(views.size_key(pair["size"]) for pair in pairs))
    chosen = sizes[-1]
    if ask and len(sizes) > 1:
        key = f"concurrency_size_{bench['name']}"
        chosen = st.selectbox("ratios at", sizes, key=key) or sizes[0]
    same = [pair for pair in pairs if views.size_key(pair["size"]) == chosen]
    return [{**pair, "size": {}} for pair in same], chosen


def _ratios(pairs: list[dict[str, Any]], bench: Bench, title: str, *, ask: bool) -> None:
    shown, size = _at_one_size(pairs, bench, ask=ask)
    if size:
        title += f", at {size.replace(',', ', ')}"
    figure = panels.ratios(shown, title=title, baseline=bench["baseline"] or "")
    st.plotly_chart(figure, theme=None, config=CHART, key="live_ratios")
    faster = "more" if bench["metric"] == "ops" else "less"
    what = {"ops": "operations a second", "time": "time"}.get(bench["metric"], "")
    if what:
        st.caption(f"Right of the line: more {what} than {bench['baseline']}; {faster} is better.")


def _stored(known: dict[str, Any], bench: Bench) -> None:
    found, problems = stored()
    for problem in problems:
        st.warning(problem)
    for whose, results in found.items():
        if any(one["name"] == bench["name"] for one in results["comparisons"]):
            st.caption(f"Before you measure: {whose}. {provenance(results)}")
            _results(results, bench)
            return
    st.info(
        "Not measured yet: press Measure for this comparison, or make all of them with "
        f"`{MAKE}` in the module's folder."
    )
    _unjudged(known, bench)


def _lights(lights: list[str]) -> None:
    if lights:
        st.html("".join(lights))


def _unjudged(known: dict[str, Any], bench: Bench) -> None:
    """List what would be judged; a light that nobody has measured stays off."""
    lights = []
    for claim in known["claims"]:
        if bench["name"] in claim["benches"]:
            lines = "".join(
                f"<div class='velvet-soft'>{html.escape(part)}</div>" for part in claim["parts"]
            )
            text = html.escape(claim["text"])
            lights.append(f"<div class='velvet-claim'><b>○ not judged yet</b> {text}{lines}</div>")
    _lights(lights)


def _results(results: dict[str, Any], bench: Bench) -> None:
    pairs = [
        pair
        for pair in results["pairs"]
        if pair["bench"] == bench["name"]
        and pair["metric"] == bench["metric"]
        and pair["ratio"] > 0
    ]
    if pairs:
        _ratios(pairs, bench, "Ratios, 95 % intervals", ask=True)
    _versus(results, bench)
    with st.expander("the figures", expanded=not pairs):
        st.markdown(views.markdown(views.lines(results, bench["name"])))
    _lights(
        [
            claim_light(claim["verdict"], claim["text"], views.claim_lines(claim))
            for claim in results["claims"]
            if bench["name"] in claim["benches"]
        ]
    )


def _versus(results: dict[str, Any], bench: Bench) -> None:
    """Draw published figures beside ours, where somebody has published one."""
    names, ours, theirs, unit, sources = [], [], [], "", []
    for figure in results["published"]:
        if figure["bench"] != bench["name"]:
            continue
        for entry in views.entries(results, bench["name"], figure["metric"]):
            if entry["contender"] == figure["contender"] and "median" in entry:
                names.append(f"{entry['contender']} {_short(entry['size'])}".strip())
                ours.append(entry["median"])
                theirs.append(figure["value"])
                unit = entry["unit"]
                sources.append(figure["source"])
    if names:
        figure = panels.versus_published(
            names, ours, theirs, unit=unit, title="Published, and here"
        )
        st.plotly_chart(figure, theme=None, config=CHART, key="live_versus")
        st.caption(f"Published: {'; '.join(dict.fromkeys(sources))}.")


def _short(size: dict[str, Any]) -> str:
    return ", ".join(str(value) for value in size.values())
