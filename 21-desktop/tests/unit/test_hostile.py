"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from velvet.hostile import Fixed, HostileTests, Key, call
from velvet_desktop import bundles, display, native, windows
from velvet_desktop.core import (
    chart,
    dispatch,
    importing,
    jobs,
    observable,
    rows,
    settings,
    theme,
    undo,
    work,
)
from velvet_desktop.core.model import Task
from velvet_desktop.errors import DesktopError

X = np.arange(10.0)
SHALLOW = "`copy.copy` is shallow, as of any plain class"
QUEUE = dispatch.Dispatcher()
STEP = undo.Command("add", lambda: None, lambda: None)


def many_steps() -> undo.UndoStack:
    made = undo.UndoStack(10_000)
    for _ in range(10_000):
        made.push(STEP)
    return made


def full_ring() -> chart.RingBuffer:
    made = chart.RingBuffer(10_000)
    for _ in range(10_000):
        made.append(1.0)
    return made


class TestHostile(HostileTests):
    errors = (DesktopError,)
    mutable = {"core.importing.ImportReport", "core.settings.Settings", "core.undo.Command"}
    calls = (
        call(bundles.why_not, "headless", "zipapp"),
        call(chart.RingBuffer, 5)
        .then("append", 1.0)
        .but(nan="it is a gap, as the module's docstring says", shares=SHALLOW, large=full_ring),
        call(chart.stride, X, X, 5),
        call(chart.minmax, X, X, 5),
        call(chart.lttb, X, X, 5),
        call(chart.spiky, 50, seed=7).but(many=1000),
        call(dispatch.Dispatcher).then("post", lambda: None).then("drain", 4.0).but(shares=SHALLOW),
        call(dispatch.Coalescer, QUEUE, lambda *_: None)
        .then("offer", Key("progress"), 1)
        .but(shares=SHALLOW),
        call(display.problem, "linux"),
        call(importing.ImportReport).then("reject", 3, "no title").but(shares=SHALLOW),
        call(jobs.JobRunner, QUEUE, grace_s=1.0),
        call(Task, Fixed(0), "paint", "todo", 2, 1.0),
        call(native.associate, "org.velvet.board", "Velvet board", "velvet", Path("velvet")),
        call(observable.Signal).then("connect", lambda _: None).then("emit", 1).but(shares=SHALLOW),
        call(observable.Property, 1.5, name="speed").but(nan="a property holds any value"),
        call(observable.Computed, lambda: 1),
        call(
            rows.RowWindow, lambda start, stop: list(range(start, stop)), 300, page=16, max_pages=4
        )
        .then("row", 5)
        .then("rows", 0, 20)
        .then("renew", lambda start, stop: [], 100)
        .but(shares=SHALLOW),
        call(settings.Settings, "light").then("opened", "board.csv"),
        call(theme.find, "light"),
        call(theme.rgb, "#ff8000"),
        call(theme.rgba, "#ff8000"),
        call(theme.luminance, "#ff8000"),
        call(theme.contrast, "#000000", "#ffffff"),
        call(undo.UndoStack, 5).then("push", STEP).but(shares=SHALLOW, large=many_steps),
        call(windows.why_not, "headless"),
        call(work.loop, work.Silent(), 100).but(many=1000),
        call(work.sort, work.Silent(), 100).but(many=1000),
        call(work.regex, work.Silent(), 100).but(many=1000),
        call(work.dumps, work.Silent(), 100).but(many=1000),
        call(work.compress, work.Silent(), 100).but(many=1000),
        call(work.sized, "sleep", 0.1, 10),
    )
    excepted = {
        "__main__": "opens a window",
        "bundles": "builds programs and starts them",
        "core.importing": "reads a file into a board; tests/unit/test_board.py",
        "core.model": "a board's file; tests/unit/test_core.py",
        "core.observable": "made by `Signal.connect` alone",
        "core.settings": "files and sockets; tests/unit/test_core.py",
        "core.viewmodel": "a board's folder with threads; tests/unit/test_board.py",
        "core.work": "waits as long as it is told to",
        "display": "a screen of its own; tests/integration/test_windows.py",
        "native": "shows a notification; tests/unit/test_parts.py",
        "probe": "drives a window from outside",
        "qtmodel": "imports a binding of Qt; tests/unit/test_parts.py",
        "windows": "a window in a process; tests/integration/test_windows.py",
    }
