"""Runs of tasks: in progress, stored on this machine, or recorded with the module.

A run belongs to a task and its options, not to a visitor: a reload or a second browser tab
finds it again. The last complete run of each pair lies under `.velvet/runs` of the clone, which
git ignores; a recorded run lies in the module and shows what a page looks like before anything
ran here.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from velvet import catalog
from velvet.atomic import atomic_write
from velvet.bench import machine
from velvet.ui.child import REFUSED, argv_for
from velvet.ui.job import Job

Events = list[dict[str, Any]]
Options = Mapping[str, Any]
_FACTS = ("cpu", "usable_cores", "ram_gb", "os", "virtualised", "implementation", "python")
NOW_S = 600.0


@dataclass
class Run:
    """What one run of a task has told.

    Attributes:
        whose: the machine and the moment, for people.
        created: when it began, ISO 8601 in UTC; empty for nothing.
        job: its child, while this process knows it.
    """

    options: Options
    events: Events = field(default_factory=list)
    whose: str = ""
    created: str = ""
    job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether its child is at work."""
        return self.job is not None and self.job.running


def key_of(task: str, options: Options) -> str:
    """Return the name under which a run of these options is stored."""
    text = json.dumps(dict(options), sort_keys=True, ensure_ascii=False)
    words = re.sub(r"[^a-z0-9]+", "-", task.lower()).strip("-")
    return f"{words}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def store() -> Path | None:
    """Return the folder of stored runs; a test that wants none puts None in its place."""
    return catalog.own_folder() / "runs"


_jobs: dict[str, tuple[str, Run]] = {}  # key -> (task, run)
_lock = threading.Lock()


def start(task: str, options: Options, *, cap_s: float, cwd: Path | None = None) -> Run:
    """Start a task in a child; one of the same options that is running is shown instead."""
    key = key_of(task, options)
    with _lock:
        known = _jobs.get(key)
        if known is not None and known[1].running:
            return known[1]
        run = Run(dict(options), created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))

        def keep(job: Job) -> None:
            run.events = job.events
            folder = store()
            if folder is not None and complete(job) and job.events:
                write(folder / f"{key}.jsonl", task, run)

        run.job = Job(argv_for(task, options), cap_s=cap_s, cwd=cwd, on_end=keep)
        run.events = run.job.events
        _jobs[key] = (task, run)
        return run


def complete(job: Job) -> bool:
    """Whether a job that has told all ended by itself and refused nothing."""
    return not job.stopped and not any(event.get("type") == REFUSED for event in job.events)


def find(task: str, options: Options, *, recorded: Path | None = None) -> Run:
    """Return the run to show: of these options, else one at work, else recorded, else nothing."""
    key = key_of(task, options)
    with _lock:
        mine = {name: run for name, (its, run) in _jobs.items() if its == task}
    known = mine.get(key)
    if known is None or not known.running:
        known = next((run for run in mine.values() if run.running), known)
    if known is not None:
        return _named(known)
    folder = store()
    kept = None if folder is None else read(folder / f"{key}.jsonl")
    if kept is not None:
        return replace(kept, whose=f"this machine, {_moment(kept.created)}")
    shown = None if recorded is None else read(recorded)
    return shown or Run(dict(options))


def _named(run: Run) -> Run:
    job = run.job
    assert job is not None
    fresh = run.running or time.monotonic() - job.began - job.seconds < NOW_S
    run.whose = "this machine, now" if fresh else f"this machine, {_moment(run.created)}"
    return run


def _moment(created: str) -> str:
    return created[:16].replace("T", " ")


def write(path: Path, task: str, run: Run) -> None:
    """Store a run whole or not at all: a header, then one event a line."""
    header = {"type": "run", "task": task, "options": dict(run.options)}
    header |= {"machine": _facts(), "created": run.created}
    lines = [json.dumps(line, ensure_ascii=False) for line in (header, *run.events)]
    atomic_write(path, "\n".join(lines) + "\n")


@lru_cache(maxsize=1)
def _facts() -> dict[str, Any]:
    known = machine.facts()
    return {name: known[name] for name in _FACTS}


def read(path: Path) -> Run | None:
    """Read a stored or recorded run; None where there is none or it is damaged."""
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=32)
def _read(path: Path, stamp: int) -> Run:  # noqa: ARG001 - part of the cache's key
    header, *events = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    whose = f"reference machine: {machine.sentence(header['machine'])}"
    return Run(header["options"], events, whose, header["created"])
