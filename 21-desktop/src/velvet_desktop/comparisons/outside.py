"""What is not speed: programs to hand out, and what each toolkit does when the world is unkind."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Absent, Metric, Suite, ratio, value
from velvet_desktop import bundles
from velvet_desktop.comparisons.windows import board_of, needed
from velvet_desktop.contenders import FOUR
from velvet_desktop.core.model import TaskStore
from velvet_desktop.display import Screen, virtual_display
from velvet_desktop.errors import ChildFailed
from velvet_desktop.windows import Window

STARTS = 3
ROWS = 300
TAB_S = 2.0  # in which the Tab key has had its effect, or has none
LABEL = Metric("label")


def _bundle(view: str, backend: str) -> Callable[[], dict[str, float]]:
    if reason := bundles.why_not(view, backend):
        raise Absent(reason)
    needed(view)

    def run() -> dict[str, float]:
        with tempfile.TemporaryDirectory() as place, virtual_display() as screen:
            folder = Path(place)
            (folder / "board").mkdir()
            (folder / "build").mkdir()
            board_of(folder / "board", 1_000)
            report, program = bundles.build(view, backend, folder / "build")
            starts = [
                bundles.start_ms(report, program, folder / "board", screen.name)
                for _ in range(STARTS)
            ]
        return {
            "size": report.mb,
            "files": report.files,
            "build": report.build_s,
            "start": statistics.median(starts),
        }

    return run


def tab_order(window: Window, screen: Screen) -> list[str]:
    """Press Tab until the keyboard is where it was before; returns the controls that had it."""
    names, last = list[str](), window.state()["focus"]
    while True:
        screen.key("Tab")
        until = time.monotonic() + TAB_S
        while (now := window.state()["focus"]) == last and time.monotonic() < until:
            pass  # each answer is a turn of the window's loop
        if now == last or now in names:
            return names
        names.append(now)
        last = now


def _end(toolkit: str, display: str, folder: Path) -> str:
    try:
        with Window(toolkit, folder, display) as window:
            window.wait_for("ready")
    except ChildFailed as error:
        return "refused" if error.code is None else _ended(error.code)
    return "draws unseen"


def _ended(code: int | None) -> str:
    if code is None:
        return "silent"
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _unkind(toolkit: str) -> Callable[[], dict[str, Any]]:
    needed(toolkit)

    def run() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            board_of(folder, ROWS)
            told: dict[str, Any] = {"no_display": _end(toolkit, "", folder)}
            with virtual_display() as screen, Window(toolkit, folder, screen.name) as window:
                window.wait_for("ready")
                controls = window.ask("accessible", "accessible")["controls"]
                state = window.state()
                while "…" in state["page"]:
                    state = window.state()  # not all is mapped yet
                screen.focus()
                told["tab_reaches"] = len(tab_order(window, screen))
                window.ask("intent", name="type_draft", arguments=["kept"])
                window.ask("intent", name="add")
                named = [name for _, name in controls or () if name]
                told["screen_reader"] = f"{len(named)} controls" if named else "nothing"
                screen.kill()
                told["display_lost"] = _code(window)
            store = TaskStore(folder / "board.db")
            told["tasks_lost"] = ROWS + 1 - store.count()
            store.close()
        return told

    return run


def _code(window: Window) -> str:
    try:
        while True:
            window.state()
    except ChildFailed as error:
        return _ended(error.code)


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    shipped = suite.comparison(
        "bundle",
        title="The board as a program to hand out: its size on the disk",
        kind="value",
        unit="MB",
        tier="default",
        limit=900,
        metrics={
            "size": "MB",
            "files": "files",
            "build": Metric("s"),
            "start": Metric("ms"),
        },
    )
    for view in FOUR:
        shipped.add(f"pyinstaller_{view}", partial(_bundle, view, "pyinstaller"))
    shipped.add("zipapp_tk", partial(_bundle, "tk", "zipapp"), note="needs a Python with NumPy")
    shipped.add("nuitka_tk", partial(_bundle, "tk", "nuitka"), note="slow: compiled for minutes")

    unkind = suite.comparison(
        "unkind",
        title="No display, a display that is lost, a screen reader, the Tab key",
        kind="value",
        unit="tasks",
        tier="default",
        metrics={
            "tasks_lost": Metric("tasks"),
            "no_display": LABEL,
            "display_lost": LABEL,
            "screen_reader": LABEL,
            "tab_reaches": Metric("controls", "higher"),
        },
    )
    for name in FOUR:
        unkind.add(name, partial(_unkind, name), baseline=name == "tk")
        suite.claim(
            f"{name}: a display that is lost costs no task",
            value("unkind", name, "tasks_lost").equals(0),
            needs="linux",
            tier="default",
        )
    suite.claim(
        "a bundle of Qt is at least 1.5x as large as one of Tk",
        ratio("bundle", "pyinstaller_qt", "pyinstaller_tk", "size") >= 1.5,
        needs=["linux", "pyinstaller"],
        tier="default",
    )
    suite.claim(
        "Nuitka takes at least 5x as long as PyInstaller to build the board of Tk",
        ratio("bundle", "nuitka_tk", "pyinstaller_tk", "build") >= 5,
        needs=["linux", "pyinstaller", "nuitka"],
        tier="default",
    )
