"""The Interactive Concurrency Explorer: composition only.

The tabs are drawn by the files of `dashboard/`, the numbers come from
`velvet_concurrency.explorer`, and everything heavy runs in a child process. Start it with
`velvet dashboard concurrency`, or `streamlit run app.py`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import streamlit as st

_BESIDE = str(Path(__file__).resolve().parent / "dashboard")
if _BESIDE not in sys.path:
    sys.path.append(_BESIDE)

import concurrency_heatmap  # noqa: E402 - found through the line above
import concurrency_lab  # noqa: E402
import concurrency_live  # noqa: E402
import concurrency_memory  # noqa: E402
import concurrency_timeline  # noqa: E402
from concurrency_session import Session, session  # noqa: E402

from velvet.ui.frame import page  # noqa: E402
from velvet_concurrency.explorer import MODELS, Parameters  # noqa: E402

TITLE = "Interactive Concurrency Explorer"
QUESTION = "Threads, processes or asyncio: which, how many, and what is the limit?"
TABS = (
    "Task Timeline",
    "Memory Profiler",
    "Performance Heatmap",
    "Live Benchmarks",
    "Limiter and breaker lab",
)
NOTHING = "nothing"


def sidebar(state: Session) -> int:
    """Ask for the workload; returns the seed, which the lab uses too."""
    with st.sidebar:
        st.header("Workload")
        model = st.selectbox(
            "model", MODELS, index=MODELS.index("asyncio"), key="concurrency_model"
        )
        others = [NOTHING, *(one for one in MODELS if one != model)]
        beside = st.selectbox(
            "compare with",
            others,
            index=others.index("threads") if "threads" in others else 1,
            key=f"concurrency_beside_{model}",
        )
        tasks = st.slider("tasks", 10, 500, 60, step=10, key="concurrency_tasks")
        left, right = st.columns(2)
        latency = left.number_input("latency, ms", value=60.0, step=10.0, key="concurrency_latency")
        cpu = right.number_input("CPU, ms per task", value=4.0, step=1.0, key="concurrency_cpu")
        limit = left.number_input("workers / limit", value=12, step=1, key="concurrency_workers")
        seed = right.number_input("seed", value=1, step=1, min_value=0, key="concurrency_seed")
        wanted = [
            Parameters(one, tasks, float(latency), float(cpu), int(limit), int(seed))
            for one in (model, beside)
            if one != NOTHING
        ]
        buttons(state, wanted)
    return int(seed)


def buttons(state: Session, wanted: list[Parameters]) -> None:
    """Offer to run, stop and replay; refuse what cannot run and say why."""
    problems = list(dict.fromkeys(text for one in wanted for text in one.problems()))
    # No callback: it would get what was asked for when the page was last drawn.
    if st.button(
        "Run",
        type="primary",
        key="concurrency_run",
        disabled=bool(problems) or state.running,
        width="stretch",
    ):
        start(state, wanted)
    left, right = st.columns(2)
    left.button(
        "Stop",
        key="concurrency_stop",
        disabled=not state.running,
        on_click=state.stop,
        width="stretch",
    )
    right.button(
        "Replay",
        key="concurrency_replay",
        disabled=state.running,
        on_click=replay,
        args=(state,),
        width="stretch",
        help="Play the runs that are shown again, slowed down to four seconds",
    )
    for problem in problems:
        st.error(problem)
    if not problems:
        seconds = sum(one.seconds for one in wanted)
        st.caption(f"About {seconds:.1f} s, in a child process, one model after the other.")
    if state.message:
        st.info(state.message)


def start(state: Session, wanted: list[Parameters]) -> None:
    """Start the runs and draw the page anew, unless they were refused."""
    if not any(one.problems() for one in wanted):
        state.start(wanted)
        st.rerun()


def replay(state: Session) -> None:
    """Show the runs again from their beginning."""
    state.replay_began = time.monotonic()


def main() -> None:
    """Draw the page."""
    page(TITLE, QUESTION)
    state = session()
    state.advance()
    seed = sidebar(state)
    timeline, memory, heatmap, live, lab = st.tabs(TABS)
    with timeline:
        concurrency_timeline.draw(state)
    with memory:
        concurrency_memory.draw(state)
    with heatmap:
        concurrency_heatmap.draw(state)
    with lab:
        concurrency_lab.draw(seed)
    with live:
        concurrency_live.draw(state)


main()
