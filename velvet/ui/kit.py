"""The job kit: a module writes what is computed and what is drawn, nothing in between.

How to write a tab, in one file of `src/velvet_topic/dashboard/`:

    from velvet.ui import kit
    from velvet_topic.dashboard import tasks

    def controls() -> dict[str, Any]:           # draws the widgets, returns the task's options
        return {"rounds": kit.slider("Rounds", 1, 9, 3)}

    def draw(seen: kit.Seen) -> None:           # from seen.events (dicts) and seen.options
        seen.chart(figure_of(seen.of("start")), key="starts")

    def finding(seen: kit.Seen) -> str:         # one sentence, "" while it is too early
        return "…"

    TAB = kit.Tab("Start-up", question="…?", tip="Press Measure.", draw=draw, controls=controls,
                  job=kit.Job(tasks.starts, recorded="starts.jsonl"), finding=finding,
                  code=(core.run_once,), command="velvet bench 03 --filter startup",
                  next_step="Behaviour matrix")

A task is a generator function with JSON options that yields JSON dicts (`{"type": "plan",
"total": n}` first makes progress say "1 of n"); it runs in a child, so print nothing and keep
`tasks.py` quick to import. A `ValueError` of a task is shown as its sentence. Without a job,
`draw` computes at once from `seen.options`. Figures are drawn with the light palette; `seen.chart`
moves title and legend out of the plot, translates colours in the dark theme, and says whose
figures these are. `kit.slider`, `choice`, `toggle` and `text` keep their value in the address.
`PAGE = Page("03-cli", tabs=(…,))` and `show(PAGE)` do the rest; Live Benchmarks is added.
"""

from __future__ import annotations

import inspect
import logging
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 - Streamlit and Plotly load it late, and a second run meets it half-loaded
import streamlit as st

from velvet import catalog
from velvet.errors import VelvetError
from velvet.ui import live, predict, runs
from velvet.ui.chart import page as begin_page
from velvet.ui.child import REFUSED, Task, name_of
from velvet.ui.parts import (
    HERE,
    Seen,
    choice,
    current_tab,
    note,
    number,
    slider,
    slug,
    text,
    toggle,
)

__all__ = ["Job", "Page", "Seen", "Tab", "show"]
__all__ += ["choice", "note", "number", "slider", "text", "toggle"]

REDRAW_S = 0.5
CODE_LINES = 15
TAB_KEY = "tab"


@dataclass(frozen=True)
class Job:
    """A task with its button.

    Attributes:
        task: a generator function at module level; see `velvet.ui.child`.
        cap_s: seconds after which the child is stopped.
        recorded: a file in the folder `recorded` beside the task's, shown before anything ran.
        problem: given the options, the reason why it cannot run here; empty when it can.
    """

    task: Task
    label: str = "Measure"
    cap_s: float = 120.0
    recorded: str = ""
    problem: Callable[[Mapping[str, Any]], str] | None = None

    @property
    def recorded_path(self) -> Path | None:
        """Where its recorded run lies, whether or not there is one."""
        if not self.recorded:
            return None
        return Path(inspect.getfile(self.task)).parent / "recorded" / self.recorded


@dataclass(frozen=True)
class Tab:
    """One tab: a question, a control, a surprise, a sentence; then code, command, next step."""

    name: str
    question: str
    draw: Callable[[Seen], None]
    tip: str = ""
    job: Job | None = None
    controls: Callable[[], dict[str, Any]] | None = None
    finding: Callable[[Seen], str] | None = None
    code: tuple[Callable[..., Any], ...] = ()
    command: str | Callable[[Mapping[str, Any]], str] = ""
    next_step: str = ""

    @property
    def slug(self) -> str:
        """The name as it stands in keys."""
        return slug(self.name)


@dataclass(frozen=True)
class Page:
    """A module's page.

    Attributes:
        module: the module's folder, such as ``03-cli``.
        title: the heading; the module's title by default.
    """

    module: str
    tabs: tuple[Tab, ...]
    title: str = ""


def show(page: Page) -> None:
    """Draw a module's page: title, question, the chosen tab."""
    module = catalog.find(page.module)
    tabs = {tab.name: tab for tab in (*page.tabs, live_benchmarks(module))}
    begin_page(page.title or module.title, module.question)
    first = next(iter(tabs))
    if st.session_state.get(TAB_KEY) not in tabs:  # left by another page of the hub
        st.session_state.pop(TAB_KEY, None)
    kept: dict[str, Any] = {"key": TAB_KEY, "bind": "query-params"}
    chosen = st.segmented_control(
        "Tab", list(tabs), default=first, label_visibility="collapsed", **kept
    )
    tab = tabs[chosen or first]
    with st.container(key=f"tab-{tab.slug}"):
        _draw(tab, tabs, module)


def live_benchmarks(module: catalog.Module) -> Tab:
    """Return the tab that every page has: predict, then measure one comparison."""
    return Tab(
        "Live Benchmarks",
        question="Which one wins here, and by how much?",
        tip="Make your guess first, then press Measure; only this comparison runs.",
        job=Job(live.measured, label="Measure", cap_s=600),
        controls=partial(predict.controls, module),
        draw=predict.draw,
        finding=predict.finding,
        command=lambda options: (
            f"velvet bench {module.number:02d} --quick --filter {options.get('comparison', '')}"
        ),
    )


def _draw(tab: Tab, tabs: Mapping[str, Tab], module: catalog.Module) -> None:
    current_tab.set(tab.slug)
    st.subheader(tab.question)
    if tab.tip:
        st.markdown(f"**Try:** {tab.tip}")
    options = tab.controls() if tab.controls else {}
    if tab.job is None:
        _figures(tab, Seen(options=options, wanted=options))
    else:
        _job(tab, tab.job, options, module)
    _lesson(tab, options, tabs, module)


def _figures(tab: Tab, seen: Seen) -> None:
    tab.draw(seen)
    sentence = tab.finding(seen) if tab.finding else ""
    if sentence:
        st.info(sentence, icon=":material/lightbulb:")


def _job(tab: Tab, job: Job, options: Mapping[str, Any], module: catalog.Module) -> None:
    task = name_of(job.task)
    run = runs.find(task, options, recorded=job.recorded_path)
    problem = job.problem(options) if job.problem else ""

    def press() -> None:
        runs.start(task, options, cap_s=job.cap_s, cwd=module.path)

    def stop() -> None:
        if run.job is not None:
            run.job.stop()

    busy = run.running
    off = busy or bool(problem)
    row = st.container(horizontal=True, vertical_alignment="center")
    row.button(job.label, type="primary", key=f"{tab.slug}-start", disabled=off, on_click=press)
    row.button("Stop", key=f"{tab.slug}-stop", disabled=not busy, on_click=stop)
    if problem:
        st.warning(problem)

    def redraw() -> None:
        current_tab.set(tab.slug)
        if busy and not run.running:
            st.rerun()  # the buttons change places
        _status(run, job, options)
        _figures(tab, seen_of(run, options))

    st.fragment(redraw, run_every=REDRAW_S if busy else None)()


def seen_of(run: runs.Run, wanted: Mapping[str, Any]) -> Seen:
    """Return what a run has told, as a tab sees it."""
    events = [event for event in list(run.events) if event.get("type") != REFUSED]
    return Seen(events, run.options, wanted, run.running, run.whose or HERE)


def _status(run: runs.Run, job: Job, wanted: Mapping[str, Any]) -> None:
    """Say how far a run is, how it ended, and which settings it had where they differ."""
    child, events = run.job, list(run.events)
    if child is not None and run.running:
        total = next((event["total"] for event in events if event.get("type") == "plan"), 0)
        told = [event["done"] for event in events if "done" in event]
        done = told[-1] if told else sum(event.get("type") != "plan" for event in events)
        words = f"{done} of {total}" if total else f"{done} results"
        share = min(1.0, done / total) if total else 0.0
        st.progress(share, text=f"Running: {words} ({child.seconds:.0f} s)")
    elif child is not None:
        refusal = next((e["sentence"] for e in events if e.get("type") == REFUSED), "")
        if refusal:
            st.warning(refusal)
        elif child.stopped:
            limit = child.seconds >= job.cap_s
            how = f"at the {job.cap_s:g} s limit" if limit else f"after {child.seconds:.0f} s"
            st.info(f"Stopped {how}; showing results so far.")
        elif child.error:
            st.error(f"The task {child.error}")
    if events and dict(run.options) != dict(wanted):
        differ = ", ".join(
            f"{name} = {value}" for name, value in run.options.items() if wanted.get(name) != value
        )
        st.caption(f"Shown: {differ}. Press {job.label} for the settings above.")


def _lesson(
    tab: Tab, options: Mapping[str, Any], tabs: Mapping[str, Tab], module: catalog.Module
) -> None:
    """Draw what follows each figure: the code responsible, the command, the next step."""
    for thing in tab.code:
        source, where = source_of(thing, module)
        st.caption(f"The code responsible: `{where}`")
        st.code(source, language="python")
    command = tab.command if isinstance(tab.command, str) else tab.command(options)
    if command:
        st.caption("The command that reproduces the figure:")
        st.code(command, language="bash")
    if tab.next_step in tabs:
        go = partial(st.session_state.__setitem__, TAB_KEY, tab.next_step)
        st.button(f"Next: {tab.next_step}", key=f"{tab.slug}-next", on_click=go)
    elif tab.next_step:
        st.markdown(f"**Next:** {tab.next_step}")


def record(page: Page) -> Iterator[Path]:
    """Run each recorded task with its controls' defaults and write its file; yields the files.

    A task that ended badly or refused its options is a VelvetError.
    """
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # no page around the controls
    for tab in page.tabs:
        if tab.job is None or (path := tab.job.recorded_path) is None:
            continue
        task, options = name_of(tab.job.task), tab.controls() if tab.controls else {}
        run = runs.start(task, options, cap_s=tab.job.cap_s)
        assert run.job is not None
        run.job.wait()
        if run.job.error or not runs.complete(run.job):
            raise VelvetError(f"{tab.name}: {run.job.error or run.job.stopped or run.events[-1]}")
        runs.write(path, task, run)
        yield path


def source_of(thing: Callable[..., Any], module: catalog.Module) -> tuple[str, str]:
    """Return the first lines of a function's or class's source, and its file and line."""
    lines, first = inspect.getsourcelines(inspect.unwrap(thing))
    path = Path(inspect.getfile(inspect.unwrap(thing)))
    if len(lines) > CODE_LINES:
        lines = [*lines[: CODE_LINES - 1], "    ...\n"]
    try:
        shown = path.relative_to(module.folder.parent)
    except (ValueError, VelvetError):
        shown = Path(path.name)
    return textwrap.dedent("".join(lines)), f"{shown.as_posix()}:{first}"
