"""What one visitor's page keeps between two redraws: child processes, and what they were asked for."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.bench.views import quantity
from velvet.ui.job import Job

HERE = Path(__file__).resolve().parent.parent
REDRAW_S = 0.4
CAP_S = 15.0
CHART: dict[str, Any] = {"displayModeBar": False, "responsive": True}
# Newer releases keep chosen options on one line, fading out, unless told otherwise.
WRAPPED: dict[str, Any] = (
    {"wrap": True} if "wrap" in inspect.signature(st.multiselect).parameters else {}
)
_KEY = "algorithms_explorer"


@dataclass
class Session:
    """A visitor's children, one for each purpose; all end with `stop`, at their cap, or with the page.

    Attributes:
        asked: what the child of a purpose was started for; compared before its answer is shown.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)

    def start(self, purpose: str, asked: Any, argv: list[str]) -> None:
        """Start a child; one that runs for the same purpose is ended."""
        self.stop(purpose)
        self.asked[purpose] = asked
        self.jobs[purpose] = Job(argv, cwd=HERE, cap_s=CAP_S)

    def stop(self, purpose: str) -> None:
        """End a child; what it told is kept."""
        if purpose in self.jobs:
            self.jobs[purpose].stop()

    def stop_all(self) -> None:
        """End all children."""
        for purpose in self.jobs:
            self.stop(purpose)

    def busy(self, purpose: str) -> bool:
        """Whether a child runs."""
        return purpose in self.jobs and self.jobs[purpose].running

    def events(self, purpose: str) -> list[dict[str, Any]]:
        """Return what a child told so far; nothing when there is none."""
        return list(self.jobs[purpose].events) if purpose in self.jobs else []


def session() -> Session:
    """Return this visitor's session."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session()
    found: Session = st.session_state[_KEY]
    return found


def live_fragment(body: Callable[[], None], *, busy: bool) -> None:
    """Draw a body that redraws itself while something runs, and not otherwise."""
    st.fragment(body, run_every=REDRAW_S if busy else None)()


def buttons(
    state: Session, purpose: str, label: str, *, busy: bool, problem: str, about: str, more: str
) -> bool:
    """Offer to start and to stop a child; returns whether the start was pressed.

    Args:
        busy: whether it runs, asked once a redraw, so that all parts of a page agree.
        problem: what is wrong with the request; the start is refused then.
    """
    row = st.container(horizontal=True, vertical_alignment="center")
    pressed = row.button(
        label,
        type="primary",
        key=f"algorithms_{purpose}",
        disabled=busy or bool(problem),
        help=more,
    )
    row.button(
        "Stop",
        key=f"algorithms_{purpose}_stop",
        disabled=not busy,
        on_click=state.stop,
        args=(purpose,),
    )
    row.caption(about)
    if problem:
        st.error(problem)
    return bool(pressed and not problem)


def ended(state: Session, purpose: str, was_busy: bool) -> None:
    """Close the pipes of a child that has ended, say what went wrong, and draw the page anew."""
    job = state.jobs.get(purpose)
    if job is None or job.running:
        return
    job.stop()
    if was_busy:
        st.rerun()
    if job.error:
        st.error(job.error)
    elif job.stopped:
        st.info(f"{job.stopped} after {job.seconds:.0f} s; what was found until then is shown")


def beside(figure: go.Figure, *, height: int) -> go.Figure:
    """Put the legend of a wide figure beside it, where it has room whatever its names are."""
    figure.update_layout(
        height=height,
        margin={"t": 44},
        legend={"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"},
    )
    return figure


def decades(axis_values: Sequence[float]) -> tuple[list[float], list[str]]:
    """Return the powers of ten around some seconds, and how to write them."""
    low = math.floor(math.log10(min(axis_values)))
    high = math.ceil(math.log10(max(axis_values)))
    powers = [10.0**power for power in range(low, high + 1)]
    return powers, [quantity(power, "s").replace(".00", "").replace(".0", "") for power in powers]


def recorded_text(name: str) -> str:
    """Return a sample that ships with the module."""
    return (HERE / "samples" / name).read_text(encoding="utf-8")
