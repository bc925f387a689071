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
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet import catalog
from velvet.errors import VelvetError
from velvet.ui import runs
from velvet.ui.chart import chart, html
from velvet.ui.child import REFUSED, Task, name_of
from velvet.ui.frame import page as begin_page

REDRAW_S = 0.5
CODE_LINES = 15
TAB_KEY = "tab"
HERE = "this machine, now"
_tab: ContextVar[str] = ContextVar("tab", default="")


@dataclass(frozen=True)
class Job:
    """A task with its button.

    Attributes:
        task: a generator function at module level; see `velvet.ui.child`.
        label: the button's word.
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
class Seen:
    """What a tab shows: the events of one run, and whose figures these are.

    Attributes:
        events: what the task has told so far, in order.
        options: the options of the run that is shown.
        wanted: the options that the controls ask for.
        whose: the machine and the moment.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    options: Mapping[str, Any] = field(default_factory=dict)
    wanted: Mapping[str, Any] = field(default_factory=dict)
    running: bool = False
    whose: str = HERE

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one type."""
        return [event for event in self.events if event.get("type") == kind]

    def chart(self, figure: go.Figure, *, key: str) -> None:
        """Draw a Plotly figure with whose figures these are."""
        chart(figure, key=f"{_tab.get()}-{key}", whose=self.whose)

    def table(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Draw rows as a table with whose figures these are."""
        if rows:
            st.table([dict(row) for row in rows])
            st.caption(self.whose[0].upper() + self.whose[1:])


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
    command: str = ""
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


def slug(text: str) -> str:
    """Return lower-case words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _key(label: str, key: str) -> str:
    return f"{_tab.get()}-{key or slug(label)}"


def slider(
    label: str,
    low: float,
    high: float,
    default: float,
    *,
    step: Any = None,
    key: str = "",
    tip: str | None = None,
) -> Any:
    """Draw a slider whose value stands in the address."""
    return st.slider(
        label, low, high, default, step, key=_key(label, key), help=tip, bind="query-params"
    )


def number(
    label: str,
    low: float,
    high: float,
    default: float,
    *,
    step: Any = None,
    key: str = "",
    tip: str | None = None,
) -> Any:
    """Draw a field for a number that refuses what is out of range; it stands in the address."""
    return st.number_input(
        f"{label} ({low:g} to {high:g})",
        *(low, high, default, step),
        key=_key(label, key),
        help=tip,
        bind="query-params",
    )


def choice(
    label: str,
    options: Sequence[str],
    default: str | None = None,
    *,
    key: str = "",
    tip: str | None = None,
) -> str:
    """Draw one choice of a few; a menu where they are many. It stands in the address."""
    first = options[0] if default is None else default
    place = _key(label, key)
    if len(options) > 6 or sum(map(len, options)) > 90:
        return str(
            st.selectbox(
                label,
                options,
                list(options).index(first),
                key=place,
                help=tip,
                bind="query-params",
            )
        )
    chosen = st.segmented_control(
        label, options, default=first, key=place, help=tip, bind="query-params"
    )
    return str(chosen or first)  # a second click on a segment chooses nothing


def toggle(label: str, default: bool = False, *, key: str = "", tip: str | None = None) -> bool:
    """Draw a switch that stands in the address."""
    return bool(st.toggle(label, default, key=_key(label, key), help=tip, bind="query-params"))


def text(
    label: str, default: str = "", *, max_chars: int = 200, key: str = "", tip: str | None = None
) -> str:
    """Draw a line of text that stands in the address."""
    return str(
        st.text_input(
            label,
            default,
            max_chars=max_chars,
            key=_key(label, key),
            help=tip,
            bind="query-params",
        )
    )


def show(page: Page) -> None:
    """Draw a module's page: title, question, the chosen tab."""
    module = catalog.find(page.module)
    tabs = {tab.name: tab for tab in page.tabs}
    begin_page(page.title or module.title, module.question)
    first = next(iter(tabs))
    chosen = st.segmented_control(
        "Tab",
        list(tabs),
        default=first,
        key=TAB_KEY,
        label_visibility="collapsed",
        bind="query-params",
    )
    _draw(tabs[chosen or first], tabs, module)


def _draw(tab: Tab, tabs: Mapping[str, Tab], module: catalog.Module) -> None:
    _tab.set(tab.slug)
    st.subheader(tab.question)
    if tab.tip:
        st.markdown(f"**Try:** {tab.tip}")
    options = tab.controls() if tab.controls else {}
    if tab.job is None:
        _figures(tab, Seen(options=options, wanted=options))
    else:
        _job(tab, tab.job, options, module)
    _lesson(tab, tabs, module)


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

    row = st.container(horizontal=True, vertical_alignment="center")
    row.button(
        job.label,
        type="primary",
        key=f"{tab.slug}-start",
        disabled=run.running or bool(problem),
        on_click=press,
    )
    row.button("Stop", key=f"{tab.slug}-stop", disabled=not run.running, on_click=stop)
    if problem:
        st.warning(problem)
    busy = run.running

    def redraw() -> None:
        _tab.set(tab.slug)
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
        done = sum(event.get("type") != "plan" for event in events)
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


def _lesson(tab: Tab, tabs: Mapping[str, Tab], module: catalog.Module) -> None:
    """Draw what follows each figure: the code responsible, the command, the next step."""
    for thing in tab.code:
        source, where = source_of(thing, module)
        st.caption(f"The code responsible: `{where}`")
        st.code(source, language="python")
    if tab.command:
        st.caption("The command that reproduces the figure:")
        st.code(tab.command, language="bash")
    if tab.next_step in tabs:
        st.button(
            f"Next: {tab.next_step}", key=f"{tab.slug}-next", on_click=_go, args=(tab.next_step,)
        )
    elif tab.next_step:
        st.markdown(f"**Next:** {tab.next_step}")


def _go(name: str) -> None:
    st.session_state[TAB_KEY] = name


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


def note(words: str) -> None:
    """Draw a soft line, for what is not installed and the like; one line for all of it."""
    html(f"<p class='velvet-soft'>{escape(words)}</p>")
