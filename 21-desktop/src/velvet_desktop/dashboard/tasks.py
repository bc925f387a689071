"""What the page computes, in a child: generators with JSON options that yield JSON events.

A browser cannot show a window of this machine: it is started on a virtual screen, and what comes
back is shown.
"""

from __future__ import annotations

import base64
import importlib.metadata
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from velvet_desktop import bundles, contenders, display
from velvet_desktop.comparisons.windows import EAGER_LIMIT, MARK, board_of
from velvet_desktop.core import work
from velvet_desktop.errors import DesktopError
from velvet_desktop.windows import QUIET, Window, why_not

Event = dict[str, Any]
MODES = ("ui", "thread", "process")
ALL = "all three"
SECONDS = 1.0
ROWS = (1_000, 10_000, 100_000, 1_000_000)


def _refuse(toolkit: str) -> None:
    if reason := why_not(toolkit):
        raise ValueError(f"{toolkit}: {reason}")


def freeze(kind: str = "sort", where: str = ALL, toolkit: str = "headless") -> Iterator[Event]:
    """Do a second of work in each place while a window beats every 10 ms; tell the beats live."""
    if where not in (ALL, *MODES):
        raise ValueError(f"where is {where!r}: choose {ALL}, {', '.join(MODES)}")
    _refuse(toolkit)
    modes = MODES if where == ALL else (where,)
    yield {"type": "plan", "total": len(modes)}
    size = work.sized(kind, SECONDS)
    place: Any = nullcontext() if toolkit == "headless" else display.virtual_display()
    with tempfile.TemporaryDirectory() as folder, place as screen:
        board_of(Path(folder), 1_000)
        with Window(toolkit, Path(folder), screen.name if screen else "") as window:
            window.wait_for("ready")
            window.ask("work", "work", kind="sleep", mode="process", size=1)
            for done, mode in enumerate(modes, 1):
                asked = {"kind": kind, "mode": mode, "size": size, "live": True}
                told = 0
                window.send("work", **asked)
                last = False
                while not last:
                    answer = window.wait_for()
                    gaps, last = answer["gaps"], answer["event"] == "work"
                    fresh = gaps[told:] if last else gaps
                    told += len(fresh)
                    yield {"type": "beats", "mode": mode, "gaps": fresh, "done": done - 1}
                yield {"type": "work", "mode": mode, "s": answer["s"], "done": done}


def version(name: str) -> str:
    """Return the version of a toolkit that is installed."""
    package = contenders.load(name).PACKAGE
    if not package:
        return ""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _picture(screen: display.Screen) -> str:
    small = screen.picture().resize((480, 320))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=70)
    return base64.b64encode(written.getvalue()).decode()


def toolkits() -> Iterator[Event]:
    """Start the board in every toolkit: time to the first frame, memory, a picture, or the reason."""
    names = [*contenders.FOUR, "pyqt6", "customtkinter"]
    yield {"type": "plan", "total": len(names)}
    absent = {name: reason for name in names if (reason := why_not(name))}
    for name, reason in absent.items():
        yield {"type": "absent", "toolkit": name, "why": reason}
    if len(absent) == len(names):
        return
    with display.virtual_display() as screen, tempfile.TemporaryDirectory() as folder:
        board_of(Path(folder), 1_000)
        for name in names:
            if name not in absent:
                try:
                    yield _started(name, Path(folder), screen)
                except DesktopError as error:
                    yield {"type": "absent", "toolkit": name, "why": str(error)[:300]}


def _started(name: str, folder: Path, screen: display.Screen) -> Event:
    blank, begun = screen.pixel(*MARK), time.monotonic()
    with Window(name, folder, screen.name) as window:
        painted = screen.wait_for(*MARK, other_than=blank) - begun
        window.wait_for("ready")
        pictures = []
        for theme in ("light", "dark"):
            before = screen.pixel(*MARK)
            window.ask("intent", name="set_theme", arguments=[theme])
            if theme == "dark":
                screen.wait_for(*MARK, other_than=before)
            state = window.state()
            while "…" in state["page"]:
                state = window.state()
            pictures.append(_picture(screen))
        told = window.ask("memory", "memory")
    found = contenders.load(name)
    return {
        "type": "toolkit",
        "toolkit": name,
        "version": version(name) or "standard library",
        "ms": painted * 1e3,
        "rss": told["rss"],
        "can": sorted(found.CAPABILITIES),
        "pictures": pictures,
    }


def rows(toolkit: str = "tk", upto: int = 100_000) -> Iterator[Event]:
    """Draw a table with all rows in it, and one with a window over them, at growing sizes."""
    if upto not in ROWS:
        raise ValueError(f"upto is {upto}: choose one of {', '.join(map(str, ROWS))}")
    if toolkit not in EAGER_LIMIT:
        raise ValueError(f"toolkit is {toolkit!r}: choose one of {', '.join(EAGER_LIMIT)}")
    _refuse(toolkit)
    steps = [
        (kind, count)
        for count in ROWS
        if count <= upto
        for kind in ("window", "eager")
        if kind == "window" or count <= EAGER_LIMIT[toolkit]
    ]
    yield {"type": "plan", "total": len(steps)}
    with display.virtual_display() as screen:
        env = os.environ | QUIET | {"DISPLAY": screen.name, "QT_QPA_PLATFORM": "xcb"}
        for kind, count in steps:
            argv = [sys.executable, "-m", "velvet_desktop.comparisons.eager"]
            argv += [toolkit, kind, str(count)]
            done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
            if done.returncode:
                raise ValueError(f"{toolkit} ended with {done.returncode}: {done.stderr[-200:]}")
            told = json.loads(done.stdout.splitlines()[-1])
            leap = told["leaps"][len(told["leaps"]) // 2]
            figures = {"load": told["load"], "leap": leap, "rss": told["rss"]}
            yield {"type": "table", "kind": kind, "rows": count} | figures


def bundle(view: str = "tk", backend: str = "pyinstaller") -> Iterator[Event]:
    """Build a program to hand out, tell what it weighs, start it."""
    if reason := bundles.why_not(view, backend):
        raise ValueError(reason)
    yield {"type": "plan", "total": 2}
    yield {"type": "begun", "view": view, "backend": backend, "done": 0}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("build", "board"):
            (folder / name).mkdir()
        board_of(folder / "board", 1_000)
        report, program = bundles.build(view, backend, folder / "build")
        sizes = {"mb": report.mb, "files": report.files, "build_s": report.build_s}
        yield {"type": "built", "largest": list(report.largest), "done": 1} | sizes
        try:
            with display.virtual_display() as screen:
                started = bundles.start_ms(report, program, folder / "board", screen.name)
        except DesktopError as error:
            yield {"type": "started", "ms": None, "why": str(error)[:200], "done": 2}
        else:
            yield {"type": "started", "ms": started, "done": 2}
