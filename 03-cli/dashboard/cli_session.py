"""What one visitor's page keeps between two redraws: jobs, and the stored events before them.

Streamlit runs the script anew for every click; a child process must outlive that. One object in
the session's state holds a job for each part of the page, and what each has told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from velvet.ui.job import Job
from velvet_cli.explorer.child import argv_for
from velvet_cli.explorer.recorded import installed, read_events

HERE = Path(__file__).resolve().parent.parent
SAMPLES = HERE / "samples"
REDRAW_S = 0.3
CHART: dict[str, Any] = {"displayModeBar": False, "responsive": True}
_KEY = "cli_explorer"


@lru_cache(maxsize=8)
def recorded(task: str) -> list[Mapping[str, Any]]:
    """Return the stored events of a task, without front ends that are not installed here."""
    return installed(read_events(SAMPLES / f"{task}.jsonl"))


@dataclass
class Session:
    """A visitor's jobs; every process ends with `stop`, at its cap, or with the page."""

    jobs: dict[str, Job] = field(default_factory=dict)

    def start(self, task: str, *, cap_s: float, **options: Any) -> None:
        """Start a task in a child; one that is running is ended."""
        self.stop(task)
        self.jobs[task] = Job(argv_for(task, **options), cwd=HERE, cap_s=cap_s)

    def stop(self, task: str) -> None:
        """End a task's child, if there is one; what it told is kept."""
        if task in self.jobs:
            self.jobs[task].stop()

    def stop_all(self) -> None:
        """End every child."""
        for task in self.jobs:
            self.stop(task)

    def running(self, task: str) -> bool:
        """Whether a task's child is at work."""
        job = self.jobs.get(task)
        if job is None:
            return False
        if not job.running:
            job.stop()  # it has ended: this closes its pipes
        return job.running

    def events(self, task: str) -> list[Mapping[str, Any]]:
        """Return what a task has told, or the stored events before it ever ran."""
        job = self.jobs.get(task)
        return recorded(task) if job is None else list(job.events)

    def origin(self, task: str) -> str:
        """Say whose figures these are, or what went wrong."""
        job = self.jobs.get(task)
        if job is None:
            return "Shown: stored figures of another machine; the button measures yours."
        if job.running:
            return f"At work for {job.seconds:.0f} s: {len(job.events)} results so far."
        return job.error or job.stopped or "Shown: measured on this machine just now."


def session() -> Session:
    """Return this visitor's session."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session()
    found: Session = st.session_state[_KEY]
    return found


def controls(
    state: Session,
    task: str,
    label: str,
    start: Callable[[], None],
    *,
    problem: str = "",
    hint: str = "",
) -> None:
    """Draw the button that starts a task, the one that stops it, and what is shown."""
    busy = state.running(task)
    row = st.container(horizontal=True, vertical_alignment="center")
    if row.button(
        label,
        type="primary",
        key=f"cli_{task}_start",
        disabled=busy or bool(problem),
        help=hint or None,
    ):
        start()
        st.rerun()
    row.button("Stop", key=f"cli_{task}_stop", disabled=not busy, on_click=state.stop, args=(task,))
    if problem:
        st.error(problem)
    else:
        with row:
            live(state, task, lambda: st.caption(state.origin(task)))


def live(state: Session, task: str, body: Callable[[], None]) -> None:
    """Draw a body that redraws itself while a task runs, and the page once when it has ended."""
    busy = state.running(task)

    def drawn() -> None:
        if busy and not state.running(task):
            st.rerun()
        body()

    st.fragment(drawn, run_every=REDRAW_S if busy else None)()
