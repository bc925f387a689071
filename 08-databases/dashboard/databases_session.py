"""What one visitor's page keeps between two redraws: jobs, and what they told.

Streamlit runs the script anew for every click; a child process must outlive that. One object in
the session's state holds it. Only one job runs at a time, because two would be in each other's
figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from velvet import services
from velvet.ui.job import Job
from velvet_databases.explorer.requests import Request
from velvet_databases.explorer.telling import Event, Told, newest, read_lines, read_told

HERE = Path(__file__).resolve().parent.parent
SAMPLES = HERE / "samples"
REDRAW_S = 0.5
# A job works for 15 s at most and ends itself; a server that it has to make first is not work.
CAP_S = 60.0
CHART: dict[str, Any] = {"displayModeBar": False, "responsive": True}
JOBS = ("layers", "pages", "pool", "plays", "plans", "changes")
_KEY = "databases_explorer"


@lru_cache(maxsize=len(JOBS))
def recorded(job: str) -> list[dict[str, Any]]:
    """Return the lines that ship with the module."""
    path = SAMPLES / f"recorded_{job}.jsonl"
    return read_lines(path.read_text(encoding="utf-8"))


@dataclass
class Session:
    """A visitor's jobs; every process ends with `stop`, at its cap, or with the page."""

    jobs: dict[str, Job] = field(default_factory=dict)
    kept: dict[str, list[Event]] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    @property
    def running(self) -> str:
        """The name of the job that runs, or an empty text."""
        return next((name for name, job in self.jobs.items() if job.running), "")

    def start(self, request: Request) -> None:
        """Start a job; what ran before is ended.

        Raises:
            ValueError: the request cannot run.
        """
        argv = request.argv()
        if self.running:
            self.stop(self.running)
        self.settle()
        self.messages.pop(request.job, None)
        self.jobs[request.job] = Job(argv, cwd=HERE, cap_s=CAP_S)

    def stop(self, name: str) -> None:
        """End a job and keep what it told."""
        if name in self.jobs:
            self.jobs[name].stop()
            self.settle()

    def settle(self) -> bool:
        """Keep what ended jobs told; true if one has ended since the last time."""
        ended = [name for name, job in self.jobs.items() if not job.running]
        for name in ended:
            job = self.jobs.pop(name)
            job.stop()  # it has ended: this closes its pipes
            told = read_told(job.events)
            self.messages[name] = told.refused or job.error or job.stopped
            if told.cut:
                self.messages[name] = "its 15 s were over; what was measured until then is shown"
            self.kept[name] = newest(self.kept.get(name, []), job.events)
        return bool(ended)

    def own(self, name: str, *, live: bool = True) -> list[Event]:
        """Return the lines of a reader's own jobs, with `live` also of one that runs."""
        job = self.jobs.get(name)
        running = list(job.events) if job is not None and live else []
        return newest(self.kept.get(name, []), running)

    def events(self, name: str, *, live: bool = True) -> list[Event]:
        """Return what is to be shown: recorded lines, replaced by a reader's own."""
        return newest(recorded(name), self.own(name, live=live))

    def told(self, name: str) -> Told:
        """Return what the job that runs says of itself."""
        job = self.jobs.get(name)
        return read_told(list(job.events) if job is not None else [])


def session() -> Session:
    """Return this visitor's session."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session()
    found: Session = st.session_state[_KEY]
    return found


@st.cache_data(ttl=60.0, show_spinner=False)
def ladder() -> str:
    """Say why there is no PostgreSQL; empty where a rung can be tried. Starts nothing."""
    problem = services.probe("postgres")
    return "" if problem is None else str(problem)


def live_fragment(body: Callable[[], None], *, busy: bool) -> None:
    """Draw a body that redraws itself while something runs, and by itself when it is clicked."""
    st.fragment(body, run_every=REDRAW_S if busy else None)()
