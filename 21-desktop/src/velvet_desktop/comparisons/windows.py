"""What a window costs: its start, its memory, the way from a key to a pixel, its rows."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from velvet.bench import Absent, Metric, Outcome, Suite, across, ratio
from velvet_desktop.contenders import FOUR
from velvet_desktop.core.model import TaskStore, seed
from velvet_desktop.display import virtual_display
from velvet_desktop.windows import QUIET, Window, why_not

ROWS, PRESSES = 1_000, 25
SHOWN = (*FOUR, "pyqt6", "customtkinter")
MARK = (8, 8)
MS = Metric("ms")
THOUSAND, LARGE, MILLION = {"rows": 1_000}, {"rows": 100_000}, {"rows": 1_000_000}
EAGER_LIMIT = {"tk": 100_000, "qt": 100_000, "kivy": 100_000, "dearpygui": 10_000}


def board_of(folder: Path, rows: int) -> None:
    """Write a board with so many tasks."""
    store = TaskStore(folder / "board.db")
    seed(store, rows)
    store.close()


def needed(toolkit: str) -> None:
    """Raise Absent with the reason when a window of a toolkit cannot be driven here."""
    if reason := why_not(toolkit):
        raise Absent(reason)


def _window(toolkit: str) -> Iterator[Callable[[], Outcome]]:
    needed(toolkit)
    with tempfile.TemporaryDirectory() as folder, virtual_display() as screen:
        board_of(Path(folder), ROWS)
        blank = screen.pixel(*MARK)

        def run() -> Outcome:
            while screen.pixel(*MARK) != blank:  # the window of the round before is still there
                time.sleep(0.01)
            begun = time.monotonic()
            with Window(toolkit, Path(folder), screen.name) as window:
                painted = screen.wait_for(*MARK, other_than=blank) - begun
                window.wait_for("ready")
                screen.focus()
                told = window.ask("memory", "memory")
                times = []
                for _ in range(PRESSES):
                    before = screen.pixel(*MARK)
                    pressed = time.monotonic()
                    screen.key("F8")
                    shown = screen.wait_for(*MARK, other_than=before)
                    times.append((shown - pressed) * 1e3)
                state = window.state()
            p95 = sorted(times)[int(PRESSES * 0.95)]
            figures = {"rss": told["rss"], "uss": told["uss"], "modules": told["modules"]}
            figures |= {"key_p50": statistics.median(times), "key_p95": p95}
            return Outcome(figures, seconds=painted, result=(state["count"], state["mark"]))

        yield run


def _rows(toolkit: str, kind: str, rows: int) -> Iterator[Callable[[], Outcome]]:
    needed(toolkit)
    with virtual_display() as screen:
        argv = [sys.executable, "-m", "velvet_desktop.comparisons.eager", toolkit, kind, str(rows)]
        env = os.environ | QUIET | {"DISPLAY": screen.name, "QT_QPA_PLATFORM": "xcb"}

        def run() -> Outcome:
            done = subprocess.run(argv, env=env, capture_output=True, check=True, text=True)
            told = json.loads(done.stdout.splitlines()[-1])
            leaps = told["leaps"]
            figures = {"leap_p50": statistics.median(leaps), "leap_p95": leaps[-2]}
            return Outcome(figures | {"rss": told["rss"]}, seconds=told["load"] / 1e3)

        yield run


def _add_windows(suite: Suite) -> None:
    windows = suite.comparison(
        "window",
        title="The board with 1,000 tasks: from the start of the process to the first painted frame",
        kind="run",
        unit="ms",
        rounds={"quick": 1, "default": 3, "full": 11},
        metrics={
            "rss": Metric("MB"),
            "uss": Metric("MB"),
            "modules": Metric("modules"),
            "key_p50": MS,
            "key_p95": MS,
        },
    )
    for name in SHOWN:
        windows.add(name, partial(_window, name), baseline=name == "tk")
    windows.check(lambda result: result == (ROWS, bool(PRESSES % 2)))


def _add_rows(suite: Suite) -> None:
    rows = suite.comparison(
        "rows",
        title="A table until it is drawn: every row in the widget, or a window over the rows",
        kind="run",
        unit="ms",
        sizes={"rows": [1_000, 10_000, 100_000, 1_000_000]},
        quick=lambda rows: rows == 1_000,
        rounds={"quick": 1, "default": 2, "full": 7},
        metrics={"leap_p50": MS, "leap_p95": MS, "rss": Metric("MB")},
    )
    for name in FOUR:
        limit = EAGER_LIMIT[name]
        rows.add(
            f"{name}_eager",
            partial(_rows, name, "eager"),
            when=lambda rows, limit=limit: rows <= limit,
        )
        rows.add(
            f"{name}_window",
            partial(_rows, name, "window"),
            when=lambda rows: rows in (1_000, 1_000_000),
        )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_windows(suite)
    _add_rows(suite)
    suite.claim(
        "Kivy takes at least twice as long to its first frame as Tk",
        ratio("window", "kivy", "tk") >= 2,
        needs="linux",
    )
    for name, times in (("qt", 1.3), ("dearpygui", 1.5), ("kivy", 2)):
        suite.claim(
            f"{name} takes at least {times}x the memory of Tk",
            ratio("window", name, "tk", "rss") >= times,
            needs="linux",
        )
    for name in ("tk", "qt"):
        suite.claim(
            f"{name}: a window over a million rows is drawn at most 5x later than one over 1,000",
            across("rows", f"{name}_window", first=MILLION, second=THOUSAND) <= 5,
            tier="default",
            needs="linux",
        )
        suite.claim(
            f"{name}: every row in the widget takes at least 10x as long at 100,000 as at 1,000",
            across("rows", f"{name}_eager", first=LARGE, second=THOUSAND) >= 10,
            tier="default",
            needs="linux",
        )
