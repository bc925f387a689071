"""The views, one toolkit a file: the same board, drawn by four toolkits and by none.

Every file offers `open_view(board)`. A view binds the properties of the board to widgets and its
actions to keys; it holds no logic. Toolkits are imported inside `open_view`, in a process that
shows one window and ends: two Qt bindings, or a toolkit without a screen, abort an interpreter.
"""

from __future__ import annotations

import heapq
import importlib
import importlib.util
import itertools
import pkgutil
import time
from collections.abc import Callable
from typing import Any, Protocol, cast

from velvet_desktop.core.viewmodel import ACTIONS, VISIBLE, Action, Board
from velvet_desktop.errors import UnknownToolkit

NAMES = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))
FOUR = ("qt", "tk", "kivy", "dearpygui")
WIDTH, HEIGHT, MARK = 960, 640, 24  # of the window; of the mark in its upper left corner


class View(Protocol):
    """A window on a board; all methods belong to the UI thread."""

    def run(self) -> None:
        """Show the window until it is closed."""

    def close(self) -> None:
        """End the loop of the toolkit."""

    def after(self, ms: float, call: Callable[[], object]) -> None:
        """Call once, so many milliseconds from now."""

    def shown(self) -> list[str]:
        """Return the titles that the table shows, as the widgets have them."""

    def focused(self) -> str:
        """Return the name of the control that has the keyboard; empty when none has it."""

    def clipboard(self, text: str | None = None) -> str:
        """Put a text on the clipboard, or return what is on it."""


class Contender(Protocol):
    """What every file offers.

    Attributes:
        PACKAGE: the distribution that it needs; empty for the standard library.
        MODULE: what is imported of it.
        CAPABILITIES: what its toolkit brings: tray, clipboard, dialogs, accessibility, rtl.
    """

    PACKAGE: str
    MODULE: str
    CAPABILITIES: frozenset[str]

    def open_view(self, board: Board) -> View:
        """Make the window."""


def load(name: str) -> Contender:
    """Return a view by the name of its file.

    Raises:
        UnknownToolkit: there is no such file.
    """
    if name not in NAMES:
        raise UnknownToolkit(name, NAMES)
    return cast(Contender, importlib.import_module(f"{__name__}.{name}"))


def missing(name: str) -> str:
    """Return why a toolkit cannot be imported here, with the way out; empty when it can."""
    found = load(name)
    if importlib.util.find_spec(found.MODULE) is not None:
        return ""
    if found.PACKAGE:
        return f"{found.PACKAGE} is not installed (pip install {found.PACKAGE})"
    return f"this Python has no {found.MODULE} (Debian: apt install python3-tk)"


def bind(board: Board, view: Any) -> None:
    """Let a view follow the properties of a board, beginning with what they are now."""

    def fill(_: object) -> None:
        page, first = board.page.value, board.selected.value - board.top
        lines = [(cells(row), place == first) for place, row in enumerate(page)]
        view.fill([*lines, *[(("", "", ""), False)] * (VISIBLE - len(lines))])

    def columns(told: dict[str, Any]) -> None:
        view.columns({status: column_text(status, one) for status, one in told.items()})

    for prop, show in (
        (board.theme, view.paint),
        (board.page, fill),
        (board.columns, columns),
        (board.chart, view.draw),
        (board.status_line, view.say),
        (board.draft, view.show_draft),
    ):
        prop.changed.connect(show)
        show(prop.value)

    def pulse(_: object) -> None:
        theme = board.theme.value
        view.pulse(theme.danger if board.mark.value else theme.accent)

    for changed in (board.mark, board.theme):
        changed.changed.connect(pulse)
    pulse(None)
    for moved in (board.selected, board.theme):  # a theme paints over the row that is chosen
        moved.changed.connect(fill)


def presses(board: Board, view: Any) -> list[tuple[Action, Callable[[], Any]]]:
    """Return what each button does: its intent, or for an import the question which file."""
    return [
        (one, view.choose if one.intent == "import_recent" else getattr(board, one.intent))
        for one in ACTIONS
    ]


def polyline(chart: tuple[float, ...], bottom: float, up: float) -> list[tuple[float, float]]:
    """Return the points of the chart across the window; `up` is the way to its top, with sign."""
    step = WIDTH / max(1, len(chart) - 1)
    return [(place * step, bottom + value * up) for place, value in enumerate(chart)]


class Timers:
    """Calls that are due later, for loops that have none of their own."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def add(self, ms: float, call: Callable[[], object]) -> None:
        """Call once, so many milliseconds from now."""
        heapq.heappush(self._heap, (time.perf_counter() + ms / 1e3, next(self._order), call))

    def run_due(self) -> None:
        """Call what is due."""
        while self._heap and self._heap[0][0] <= time.perf_counter():
            heapq.heappop(self._heap)[2]()

    def next_due(self, otherwise: float) -> float:
        """Return when the next call is due, at the latest `otherwise`."""
        return min(otherwise, self._heap[0][0] if self._heap else otherwise)


def titles(page: tuple[Any, ...]) -> list[str]:
    """Return what a row of a table says: a title on one line, or an ellipsis while it loads."""
    return ["…" if row is None else " ".join(row.title[:200].split()) for row in page]


def cells(row: Any) -> tuple[str, str, str]:
    """Return title, column and priority of a row, as every view writes them."""
    return ("…", "", "") if row is None else (titles((row,))[0], row.status, str(row.priority))


def column_text(status: str, column: tuple[int, tuple[Any, ...]]) -> str:
    """Return the text of a column of the board."""
    count, cards = column
    lines = "\n".join(f"· {title[:26]}" for title in titles(cards))
    return f"{status.upper()}  {count:,}\n{lines}"
