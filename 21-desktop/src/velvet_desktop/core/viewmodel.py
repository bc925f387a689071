"""The whole application without a window: what a view shows are properties, what it does are intents.

A view binds the one to its widgets and the other to its keys, calls `frame` once a frame, and knows
nothing else. That is why four views fit into 140 lines each, and why almost every test of
this application needs no screen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from velvet_desktop.core import theme as themes
from velvet_desktop.core.chart import RingBuffer, lttb
from velvet_desktop.core.dispatch import Dispatcher
from velvet_desktop.core.importing import ImportReport, import_csv
from velvet_desktop.core.jobs import Job, JobRunner
from velvet_desktop.core.model import SORTS, STATUSES, Query, Task, TaskStore
from velvet_desktop.core.observable import Property, batch
from velvet_desktop.core.rows import RowWindow
from velvet_desktop.core.settings import Draft, Settings
from velvet_desktop.core.undo import Command, UndoStack
from velvet_desktop.errors import DesktopError

VISIBLE, CARDS = 16, 5
DEBOUNCE_S = 0.15
CHART_POINTS, CHART_KEPT, CHART_MAX_MS = 200, 2_000, 200.0
CHART_EVERY = 6  # frames between two drawings of the chart


@dataclass(frozen=True)
class Action:
    """Something the user can do: an intent, its key, its button."""

    intent: str
    key: str
    label: str


ACTIONS = (
    Action("add", "F2", "Add"),
    Action("undo", "F3", "Undo"),
    Action("redo", "F4", "Redo"),
    Action("import_recent", "F5", "Import"),
    Action("toggle_theme", "F6", "Theme"),
    Action("move", "F7", "Move on"),
    Action("pulse", "F8", "Pulse"),
    Action("remove", "F9", "Remove"),
    Action("next_sort", "F10", "Sort"),
    Action("cancel", "Escape", "Cancel"),
)


class Board:
    """The view model of the task board.

    Args:
        folder: where board, settings and draft lie.
        notify: shows a title and a sentence of the desktop's own when an import has ended.
        inline: fetch pages on the UI thread, at once; for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.perf_counter,
        notify: Callable[[str, str], object] = lambda *_: None,
        inline: bool = False,
    ) -> None:
        self.folder, self._clock, self._notify = folder, clock, notify
        self.dispatcher = Dispatcher(clock=clock)
        self.jobs = JobRunner(self.dispatcher)
        self.store = TaskStore(folder / "board.db")
        self.settings = Settings.load(folder / "settings.json")
        self._draft_file = Draft(folder / "draft.json")
        self._undo = UndoStack(clock=clock)
        self._frames = RingBuffer(CHART_KEPT)
        self._last_frame: float | None = None
        self._search_due: float | None = None
        self._top, self._number = 0, 0
        self._import: Job | None = None
        self._inline = inline

        def prop(name: str, value: Any) -> Property[Any]:
            return Property(value, thread=self.dispatcher, name=name)

        self.filter_text = prop("filter_text", "")
        self.query = prop("query", Query())
        self.selected = prop("selected", 0)
        self.draft = prop("draft", self._draft_file.recovered())
        self.status_line = prop("status_line", "")
        self.busy = prop("busy", False)
        self.progress = prop("progress", 0)
        self.theme = prop("theme", themes.find(self.settings.theme))
        self.can_undo, self.can_redo = prop("can_undo", False), prop("can_redo", False)
        self.mark = prop("mark", False)
        self.page = prop("page", ())
        self.columns = prop("columns", {})
        self.chart = prop("chart", ())
        removed = self.store.recover()
        self.rows: RowWindow[Task] = RowWindow(lambda *_: [], 0, submit=self._fetch)
        self.rows.loaded.connect(lambda _: self._show_page())
        told = [self.settings.warning]
        told += [f"{removed:,} rows of an unfinished import were removed"] if removed else []
        told += ["your draft was recovered"] if self.draft.value else []
        self.status_line.value = "; ".join(filter(None, told))
        self.refresh()

    def _fetch(self, ask: Callable[[], Any], done: Callable[[Any], None]) -> object:
        if self._inline:
            done(ask())
            return None
        return self.jobs.submit(_call, ask, on_done=done, on_error=self._page_failed)

    def _page_failed(self, error: BaseException) -> None:
        self.status_line.value = f"rows could not be read: {error}"

    def frame(self) -> None:
        """Do one frame's share: what workers posted, a search that is due, the chart."""
        now = self._clock()
        if self._last_frame is not None:
            self._frames.append(min(CHART_MAX_MS, (now - self._last_frame) * 1e3))
        self._last_frame = now
        self._number += 1
        self.dispatcher.drain()
        if self._search_due is not None and now >= self._search_due:
            self._search_due = None
            self._ask_for(replace(self.query.value, text=self.filter_text.value))
        if self._number % CHART_EVERY == 0 and len(self._frames) > 1:
            values = self._frames.values()
            _, kept = lttb(np.arange(len(values), dtype=np.float64), values, CHART_POINTS)
            self.chart.value = tuple((kept / CHART_MAX_MS).tolist())

    def refresh(self) -> None:
        """Read what the window shows anew from the store."""
        query = self.query.value
        self.store.forget()
        with batch():
            counts = self.store.counts()
            self.columns.value = {
                status: (counts[status], tuple(self.store.cards(status, CARDS)))
                for status in STATUSES
            }
            last = max(0, self.store.count(query) - 1)
            self._top = min(self._top, last)
            self.selected.value = min(self.selected.value, last)
            self.rows.renew(partial(self.store.page, query), self.store.count(query))
            self._show_page()
            self.can_undo.value, self.can_redo.value = self._undo.can_undo, self._undo.can_redo

    def _show_page(self) -> None:
        self.page.value = tuple(self.rows.rows(self._top, self._top + VISIBLE))

    @property
    def top(self) -> int:
        """The first row that is shown."""
        return self._top

    def scroll_to(self, row: int) -> None:
        """Show another part of the table."""
        self._top = max(0, min(row, self.rows.count - VISIBLE))
        self._show_page()

    def scroll_by(self, rows: int) -> None:
        """Move the table up or down."""
        self.scroll_to(self._top + rows)

    def select(self, row: int) -> None:
        """Choose a row of the table."""
        self.selected.value = max(0, min(row, self.rows.count - 1))

    def select_by(self, rows: int) -> None:
        """Choose the row so many further down, and show it."""
        self.select(self.selected.value + rows)
        if not 0 <= self.selected.value - self._top < VISIBLE:
            self.scroll_to(self.selected.value - (VISIBLE - 1 if rows > 0 else 0))

    def select_shown(self, place: int) -> None:
        """Choose a row by its place on the page."""
        self.select(self._top + place)

    def search(self, text: str) -> None:
        """Filter the table by a text, once no letter was typed for a moment."""
        if text == self.filter_text.value:
            return  # Tab, or a function key: the table stays where it is
        self.filter_text.value = text
        self._search_due = self._clock() + DEBOUNCE_S

    def next_sort(self) -> None:
        """Sort the table by the next column."""
        now = self.query.value
        self._ask_for(replace(now, sort=SORTS[(SORTS.index(now.sort) + 1) % len(SORTS)]))

    def _ask_for(self, query: Query) -> None:
        self._top = self.selected.value = 0  # what is chosen next is on the screen
        self.query.value = query
        self.refresh()
        self.status_line.value = f"{self.rows.count:,} tasks by {query.sort}"

    def type_draft(self, text: str) -> None:
        """Remember what is being typed, also on the disk."""
        if text == self.draft.value:
            return
        self.draft.value = text
        try:
            self._draft_file.keep(text)
        except OSError as error:  # a full disk must not end the window that holds the text
            self.status_line.value = f"the draft is not kept on the disk: {error}"

    def add(self) -> None:
        """Store the draft as a new task."""
        with self._told():
            task = Task(0, self.draft.value)
            stored: list[Task] = []

            def do() -> None:
                stored[:] = [self.store.put(replace(task, id=stored[0].id if stored else 0))]

            self._do(Command("add", do, lambda: self.store.remove(stored[0].id)))
            self.type_draft("")

    def move(self) -> None:
        """Move the selected task to the next column; after the last one comes the first."""
        with self._told():
            task = self._chosen()
            after = STATUSES[(STATUSES.index(task.status) + 1) % len(STATUSES)]
            self._put("move", task, replace(task, status=after))

    def edit(self, title: str) -> None:
        """Give the selected task another title; typing merges into one step."""
        with self._told():
            task = self._chosen()
            self._put("edit", task, replace(task, title=title), key=f"edit {task.id}")

    def remove(self) -> None:
        """Delete the selected task."""
        with self._told():
            task = self._chosen()
            command = partial(self.store.remove, task.id)
            self._do(Command("remove", command, lambda: self.store.put(task)))

    def _chosen(self) -> Task:
        task = self.rows.row(self.selected.value) if self.rows.count else None
        found = self.store.get(task.id) if task else None
        if found is None:
            raise DesktopError("no task is selected: choose a row first")
        return found

    def _put(self, text: str, before: Task, after: Task, key: str = "") -> None:
        put = self.store.put
        self._do(Command(text, lambda: put(after), lambda: put(before), key))

    def _do(self, command: Command) -> None:
        self._undo.push(command)
        self.refresh()
        self.status_line.value = command.text

    def undo(self) -> None:
        """Take the last step back."""
        with self._told():
            text = self._undo.undo()
            self.refresh()
            self.status_line.value = f"undone: {text}" if text else "there is nothing to undo"

    def redo(self) -> None:
        """Do the step again that was taken back."""
        with self._told():
            text = self._undo.redo()
            self.refresh()
            self.status_line.value = f"done again: {text}" if text else "there is nothing to redo"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn an error of the application into a sentence in the status line."""
        try:
            yield
        except DesktopError as error:
            self.status_line.value = str(error)

    def import_recent(self) -> None:
        """Import the file that was opened last."""
        if not self.settings.recent:
            self.status_line.value = "no file was opened yet: choose one with the button Import"
        else:
            self.import_csv(Path(self.settings.recent[0]))

    def import_csv(self, path: Path | str) -> None:
        """Read a CSV file into the board in a process of its own."""
        if self.busy.value:
            self.status_line.value = "an import is running: cancel it first (Escape)"
            return
        self.settings.opened(str(path))
        self.busy.value, self.progress.value = True, 0
        self._import = self.jobs.submit(
            import_csv,
            self.store.path,
            str(path),
            mode="process",
            on_progress=self._imported,
            on_done=self._import_done,
            on_error=self._import_failed,
        )

    def _imported(self, rows: int) -> None:
        self.progress.value = rows
        self.status_line.value = f"{rows:,} rows imported"

    def _import_done(self, report: ImportReport) -> None:
        why = f", the first: {report.reasons[0]}" if report.reasons else ""
        self._import_ended(f"imported {report.accepted:,} rows, {report.rejected:,} rejected{why}")

    def _import_failed(self, error: BaseException) -> None:
        self._import_ended(f"the import failed: {error}{self._removed()}")

    def _removed(self) -> str:
        try:
            self.store.recover()
        except DesktopError as error:
            return f"; its rows stay until the board is opened again: {error}"
        return ": its rows were removed"

    def _import_ended(self, sentence: str) -> None:
        self._import, self.busy.value = None, False
        self.refresh()
        self.status_line.value = sentence
        self.jobs.submit(_call, partial(self._notify, "Velvet board", sentence))

    def cancel(self) -> None:
        """Cancel the import; its rows are removed."""
        if self._import is None:
            return
        job, self._import = self._import, None
        job.cancel()
        self.status_line.value = "cancelling"

        def ended(_: object) -> None:
            if job.result is not None and not job.result.cancelled:
                self._import_done(job.result)  # it was through before it heard of it
            else:
                self._import_ended(f"import cancelled{self._removed()}")

        self.jobs.submit(_wait, job, on_done=ended)

    def toggle_theme(self) -> None:
        """Go on to the next theme."""
        names = list(themes.THEMES)
        self.set_theme(names[(names.index(self.theme.value.name) + 1) % len(names)])

    def set_theme(self, name: str) -> None:
        """Use a theme by name; `UnknownTheme` lists the choices."""
        self.theme.value = themes.find(name)
        self.settings.theme = name

    def pulse(self) -> None:
        """Turn the mark in the corner on or off: what the measurement of key presses looks at."""
        self.mark.value = not self.mark.value

    def close(self) -> None:
        """End jobs, save settings, close the board; safe to call twice."""
        self.dispatcher.close()
        self.jobs.close()
        try:
            self.settings.save(self.folder / "settings.json")
        finally:
            self.store.close()


def _call(_: object, ask: Callable[[], Any]) -> Any:
    return ask()


def _wait(_: object, job: Job) -> None:
    job.finished.wait()
