"""Task Timeline: the same jobs in two models, on one time axis, in the places that a limit gives."""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import KIND_COLOURS, LINE, STROKES, plotly_layout
from velvet_concurrency.dashboard import tasks
from velvet_concurrency.samples import jobs as workload
from velvet_concurrency.trace import Span, chrome_trace, concurrency

WORDS = {
    "run": "computing",
    "wait": "waiting for the reply",
    "block": "waiting for a turn of the CPU",
    "gc": "collecting garbage",
}
FRAMES = 40
REPLAY_MS = 4_000
MAX_LANES = 40
DASHES = ("solid", "dot")
Job = Mapping[str, Any]
Found = dict[str, tuple[Mapping[str, Any], list[Job]]]  # by model: its header, and the jobs done


def controls() -> dict[str, Any]:
    """Ask for the limit first: it is the control that matters."""
    limit = kit.slider("Limit: jobs at a time", 1, MAX_LANES, 12, key="limit")
    left, right = st.columns(2)
    with left:
        first = {
            "model": kit.choice("Model", workload.MODELS, "threads", key="model"),
            "tasks": kit.slider("Jobs", 10, 500, 60, step=10, key="tasks"),
        }
    with right:
        others = ["nothing", *workload.MODELS]
        second = {
            "beside": kit.choice("Compare with", others, "asyncio", key="beside"),
            "latency_ms": kit.slider("Each waits, ms", 0, 500, 60, step=10, key="latency"),
        }
    cpu = kit.slider("Then each computes, ms", 0, 50, 4, key="cpu")
    return {**first, **second, "cpu_ms": cpu, "limit": limit, "seed": 1}


def problem(options: Mapping[str, Any]) -> str:
    """Return why these settings cannot run here."""
    models = [name for name in (options["model"], options["beside"]) if name != "nothing"]
    keys = ("tasks", "latency_ms", "cpu_ms", "limit")
    return workload.problem(models, *(options[key] for key in keys))


def by_model(seen: kit.Seen) -> Found:
    """Return, by model, its header and the jobs that are done."""
    jobs = seen.of("job")
    return {
        head["model"]: (head, [job for job in jobs if job["model"] == head["model"]])
        for head in seen.of("model")
    }


def end_of(job: Job) -> float:
    """Return the second in which a job ended."""
    return float(job["parts"][-1][2]) if job["parts"] else float(job["place"])


def in_places(jobs: list[Job]) -> list[tuple[int, Job]]:
    """Give each job the lowest place that is free when it begins; O(n log n)."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    found = []
    for job in sorted(jobs, key=lambda job: job["place"]):
        while busy and busy[0][0] <= job["place"]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        place = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (end_of(job), place))
        found.append((place, job))
    return found


def lanes(model: str, head: Mapping[str, Any], jobs: list[Job], until: float) -> go.Figure:
    """Draw one lane for each place that the limit gives, and what the jobs in it did."""
    figure = go.Figure()
    bars: dict[str, list[tuple[int, float, float, str]]] = {kind: [] for kind in WORDS}
    for place, job in in_places(jobs):
        for kind, start, end in job["parts"]:
            bars[kind].append((place, start, end, job["name"]))
    for kind, some in bars.items():
        if not some and kind in ("gc", "block"):
            continue
        fill, stroke, shape = KIND_COLOURS[kind]
        figure.add_bar(
            name=WORDS[kind],
            orientation="h",
            y=[place + 1 for place, *_ in some],
            base=[start for _, start, _, _ in some],
            x=[end - start for _, start, end, _ in some],
            customdata=[(name, (end - start) * 1e3) for _, start, end, name in some],
            hovertemplate=f"%{{customdata[0]}} {WORDS[kind]}: %{{customdata[1]:.1f}} ms<extra></extra>",
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 0.5},
                "pattern": {"shape": shape, "fgcolor": stroke, "size": 5},
            },
        )
    limit, count = head["limit"], len(jobs)
    done = "" if count == head["tasks"] else f"{count} of "
    took = max(map(end_of, jobs), default=0.0)
    title = f"{model}: {done}{head['tasks']} jobs, {limit} at a time, {took:.2f} s"
    plotly_layout(figure, title=title, height=120 + 13 * max(8, limit))
    figure.update_layout(barmode="overlay", bargap=0.15)
    figure.update_yaxes(title="place", range=[limit + 0.6, 0.4], dtick=max(1, limit // 6))
    figure.update_xaxes(range=[0, until])
    return figure


def steps(jobs: list[Job], *, waiting: bool = False) -> tuple[list[float], list[int]]:
    """Return how many jobs are in flight, or wait for a place, as steps: seconds, and levels."""
    chosen = [span for span in spans_of(jobs) if (span.kind == "queue") is waiting]
    found = concurrency(span._replace(kind="run") for span in chosen)
    return [0.0, *(moment / 1e9 for moment, _ in found)], [0, *(level for _, level in found)]


def curves(
    found: Found, colours: Sequence[str], until: float, *, waiting: bool = False
) -> go.Figure:
    """Draw how many jobs are in flight, or wait for a place, one curve a model."""
    figure = go.Figure()
    for (model, (_, jobs)), colour, dash in zip(found.items(), colours, DASHES, strict=False):
        times, levels = steps(jobs, waiting=waiting)
        line = {"shape": "hv", "color": colour, "width": 2, "dash": dash}
        figure.add_scatter(x=times, y=levels, name=model, mode="lines", line=line)
    figure.update_xaxes(title="seconds", range=[0, until])
    return figure


def waits(found: Found, until: float) -> go.Figure:
    """Draw what waits for a place: a permit for a task, a worker for a job, both in one colour."""
    figure = curves(found, [KIND_COLOURS["queue"][1]] * 2, until, waiting=True)
    plotly_layout(figure, title="Jobs that wait for a permit (asyncio) or a worker", height=200)
    return figure.update_yaxes(title="waiting", rangemode="tozero")


def flights(found: Found, until: float) -> go.Figure:
    """Draw jobs in flight by model; the browser replays them without asking the server."""
    figure = curves(found, STROKES, until)
    drawn = [(trace.x, trace.y) for trace in figure.data]
    for head, _ in found.values():
        figure.add_hline(y=head["limit"], line={"color": LINE, "dash": "dash"})
    figure.frames = [
        go.Frame(
            data=[
                go.Scatter(x=[x for x in xs if x <= moment], y=ys[: sum(x <= moment for x in xs)])
                for xs, ys in drawn
            ]
        )
        for moment in (until * (number + 1) / FRAMES for number in range(FRAMES))
    ]
    plotly_layout(figure, title="Jobs in flight; dashed: the limit", height=230)
    top = max(head["limit"] for head, _ in found.values())
    figure.update_yaxes(title="in flight", range=[0, top * 1.15])
    frame = {"duration": REPLAY_MS / FRAMES, "redraw": False}
    play: dict[str, Any] = {"label": "Replay", "method": "animate"}
    play["args"] = [None, {"frame": frame, "transition": {"duration": 0}, "fromcurrent": False}]
    place = {"x": 1, "xanchor": "right", "y": -0.2, "yanchor": "top", "showactive": False}
    figure.update_layout(updatemenus=[{"type": "buttons", "buttons": [play], **place}])
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw both models on one axis, what is in flight, and offer the traces."""
    found = by_model(seen)
    if not found:
        return
    ends = [end_of(job) for _, jobs in found.values() for job in jobs]
    until = 1.02 * max(ends, default=1.0)
    for model, (head, jobs) in found.items():
        if jobs or seen.running:
            seen.chart(lanes(model, head, jobs, until), key=f"lanes-{model}")
    if seen.running or not ends:
        return
    seen.chart(flights(found, until), key="flights")
    seen.chart(waits(found, until), key="waits")
    for model, (_, jobs) in found.items():
        st.download_button(
            f"Download trace: {model}",
            data=partial(trace_of, jobs),
            file_name=f"{model}-trace.json",
            mime="application/json",
            help="Trace Event Format: opens in any trace viewer",
            key=f"timeline-trace-{model}",
            on_click="ignore",
        )


def spans_of(jobs: list[Job]) -> list[Span]:
    """Return the bars as spans, the time before a job had its place included."""
    found = []
    for place, job in in_places(jobs):
        parts = [["queue", job["asked"], job["place"]], *job["parts"]]
        for kind, start, end in parts:
            lane = "queue" if kind == "queue" else f"place {place + 1}"
            moments = (round(start * 1e9), round(end * 1e9))
            found.append(Span(lane, WORDS.get(kind, "waiting"), kind, *moments, job["name"]))
    return found


def trace_of(jobs: list[Job]) -> str:
    """Return a run in the Trace Event Format."""
    return json.dumps(chrome_trace(spans_of(jobs)))


def finding(seen: kit.Seen) -> str:
    """Compare what the models did with the same limit."""
    sentences = []
    for model, (head, jobs) in by_model(seen).items():
        if len(jobs) < head["tasks"]:
            continue
        sums = dict.fromkeys(WORDS, 0.0)
        for job in jobs:
            for kind, start, end in job["parts"]:
                sums[kind] += end - start
        took, most = max(map(end_of, jobs)), max(steps(jobs)[1])
        text = f"**{model}**: {took:.2f} s, at most {most} in flight, {sums['run']:.2f} s computing"
        if sums["block"] > 0.05 * sums["run"]:
            text += f", {sums['block']:.2f} s in total waiting for a turn of the CPU"
        sentences.append(text + ".")
    if len(sentences) < 2:
        return " ".join(sentences)
    return (
        " ".join(sentences)
        + " The same limit gives the same waves: the model changes who computes."
    )


TAB = kit.Tab(
    "Task Timeline",
    question="What does a model change when the limit is the same?",
    tip="Set the computing to 0 ms and press Measure, then to 20 ms: watch where the time goes.",
    controls=controls,
    job=kit.Job(tasks.timeline, recorded="timeline.jsonl", problem=problem),
    draw=draw,
    finding=finding,
    code=(workload._in_tasks, workload._in_pool),
    command="velvet run 09 basic wait_vs_compute",
    next_step="Performance Heatmap",
)
