"""What one visitor's page keeps between two redraws: runs, jobs, and what is shown.

Streamlit runs the script anew for every click; a child process must outlive that. One object in
the session's state holds it, ends it, and moves on to the next run when it has ended.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from velvet.ui.job import Job
from velvet_concurrency.explorer import (
    Parameters,
    Probe,
    Run,
    read_probe,
    read_recording,
    read_run,
)

HERE = Path(__file__).resolve().parent.parent
REDRAW_S = 0.3
REPLAY_S = 4.0
RUN_CAP_S = 120.0
PROBE_CAP_S = 120.0
CHART: dict[str, Any] = {"displayModeBar": False, "responsive": True}
# Newer releases keep chosen options on one line, fading out, unless told otherwise.
WRAPPED: dict[str, Any] = (
    {"wrap": True} if "wrap" in inspect.signature(st.multiselect).parameters else {}
)
_KEY = "concurrency_explorer"


@lru_cache(maxsize=1)
def recorded() -> dict[str, Run]:
    """Return the runs that ship with the module."""
    return read_recording((HERE / "samples" / "recorded_run.jsonl").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def recorded_probe() -> Probe:
    """Return the memory probe that ships with the module."""
    text = (HERE / "samples" / "recorded_memory.jsonl").read_text(encoding="utf-8")
    return read_probe(json.loads(line) for line in text.splitlines())


@dataclass
class Session:
    """A visitor's runs; all of its processes end with `stop`, at their cap, or with the page."""

    runs: dict[str, Run] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    job: Job | None = None
    current: Parameters | None = None
    pending: list[Parameters] = field(default_factory=list)
    message: str = ""
    replay_began: float | None = None
    probe_job: Job | None = None
    bench_job: Job | None = None
    bench: dict[str, Any] = field(default_factory=dict)
    _read: tuple[int, Run] | None = None

    def start(self, wanted: list[Parameters]) -> None:
        """Run the parameters one after the other; what ran before is ended."""
        self.stop()
        self.message, self.replay_began = "", None
        self.shown = tuple(one.model for one in wanted)
        self.pending = list(wanted)
        self._next()

    def _next(self) -> None:
        self.job, self.current, self._read = None, None, None
        if self.pending:
            self.current = self.pending.pop(0)
            self.job = Job(self.current.argv(), cwd=HERE, cap_s=RUN_CAP_S)

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self.job is not None

    def advance(self) -> bool:
        """Keep a run that has ended and start the next; true when all have ended just now."""
        if self.job is None or self.job.running:
            return False
        self._keep()
        problem = self.job.error or self.job.stopped
        self.job.stop()  # it has ended: this closes its pipes
        if problem:
            self.message = f"{self.current.model if self.current else 'the run'}: {problem}"
            self.pending = []
        self._next()
        return self.job is None

    def _keep(self) -> None:
        found = self.live()
        if found is not None and found.spans:
            self.runs[found.parameters.model] = found

    def stop(self) -> None:
        """End what runs, keep what it told."""
        self.pending = []
        if self.job is not None:
            self.job.stop()
            self._keep()
            self.message = "stopped; what had happened until then is shown"
            self._next()

    def live(self) -> Run | None:
        """Return what the running child has told so far."""
        if self.job is None or self.current is None:
            return None
        events = list(self.job.events)
        if self._read is None or self._read[0] != len(events):
            self._read = len(events), read_run(self.current, events)
        return self._read[1]

    def run_of(self, model: str) -> Run | None:
        """Return the run in progress, the last one, or the recorded one of a model."""
        if self.current is not None and self.current.model == model:
            return self.live()
        return self.runs.get(model, recorded().get(model))

    def visible(self) -> list[Run]:
        """Return the runs to show, cut at the moment that a replay has come to."""
        models = self.shown or tuple(recorded())
        waiting = {one.model for one in self.pending}
        runs = [run for m in models if m not in waiting and (run := self.run_of(m)) is not None]
        if self.replay_began is None:
            return runs
        share = (time.monotonic() - self.replay_began) / REPLAY_S
        if share >= 1.0:
            self.replay_began = None
            return runs
        moment = share * max((run.seconds for run in runs), default=0.0)
        return [_until(run, moment) for run in runs]

    @property
    def origin(self) -> str:
        """Say whose figures these are."""
        if self.shown and all(model in self.runs for model in self.shown):
            return "your last run"
        return "a run in progress" if self.running else "a recorded run; press Run for your own"

    @property
    def probe(self) -> Probe:
        """Return the probe in progress or done, else the recorded one."""
        if self.probe_job is None:
            return recorded_probe()
        return read_probe(list(self.probe_job.events))


def _until(run: Run, moment: float) -> Run:
    edge = round(moment * 1e9)
    spans = tuple(
        span._replace(t1_ns=min(span.t1_ns, edge)) for span in run.spans if span.t0_ns < edge
    )
    return replace(run, spans=spans, readings=tuple(r for r in run.readings if r.t <= moment))


def session() -> Session:
    """Return this visitor's session."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session()
    found: Session = st.session_state[_KEY]
    return found


def live_fragment(body: Callable[[], None], *, busy: bool) -> None:
    """Draw a body that redraws itself while something runs, and not otherwise."""
    st.fragment(body, run_every=REDRAW_S if busy else None)()
