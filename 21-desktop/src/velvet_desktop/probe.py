"""A board in a process of its own, driven from outside: JSON lines in, JSON lines out.

Two toolkits abort the interpreter when there is no screen, two bindings of Qt must not meet, and
a window that freezes must not freeze what measures it. So every window lives in a child:
`python -m velvet_desktop.probe TOOLKIT FOLDER`. A command is one line, such as
`{"do": "work", "kind": "sort", "mode": "thread", "size": 100000}`; its answer is one line.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TextIO, get_args

from velvet_desktop import contenders
from velvet_desktop.contenders import View
from velvet_desktop.core import work
from velvet_desktop.core.jobs import Mode
from velvet_desktop.core.viewmodel import Board

BEAT_MS = 10.0
TOLD_BEATS = 5  # beats in one line of what is watched live
EXIT_NO_WINDOW = 3
Answer = Callable[[dict[str, Any]], None]


class Heartbeat:
    """A timer of 10 ms on the UI thread; what is longer between two beats is a freeze."""

    def __init__(self, view: View, tell: Callable[[list[float]], None] | None = None) -> None:
        self._view, self._tell = view, tell
        self._running = False
        self.gaps: list[float] = []
        self._last = 0.0

    def start(self) -> None:
        """Begin to beat."""
        self._running, self.gaps, self._last = True, [], time.perf_counter()
        self._view.after(BEAT_MS, self._beat)

    def _beat(self) -> None:
        now = time.perf_counter()
        if self._running:
            self.gaps.append((now - self._last) * 1e3)
            self._last = now
            if self._tell and len(self.gaps) % TOLD_BEATS == 0:
                self._tell(self.gaps[-TOLD_BEATS:])
            self._view.after(BEAT_MS, self._beat)

    def stop(self) -> list[float]:
        """End; returns the gaps in ms, the one that is still open included."""
        self._running = False
        return [*self.gaps, (time.perf_counter() - self._last) * 1e3]


class Remote:
    """The commands that a window understands; each method is one."""

    def __init__(self, board: Board, view: View, answer: Answer) -> None:
        self._board, self._view, self._answer = board, view, answer

    def handle(self, line: str) -> None:
        """Run one command on the UI thread."""
        try:
            told = json.loads(line)
            getattr(self, f"do_{told.pop('do')}")(**told)
        except Exception as error:  # noqa: BLE001 - Tk would swallow it, and the parent would wait
            self._answer({"event": "refused", "why": f"{type(error).__name__}: {error}"})

    def do_state(self) -> None:
        """Tell what the window shows and what the board says it should show."""
        board = self._board
        self._answer(
            {
                "event": "state",
                "shown": self._view.shown(),
                "page": contenders.titles(board.page.value),
                "top": board.top,
                "selected": board.selected.value,
                "count": board.rows.count,
                "status": board.status_line.value,
                "draft": board.draft.value,
                "busy": board.busy.value,
                "progress": board.progress.value,
                "theme": board.theme.value.name,
                "mark": board.mark.value,
                "focus": self._view.focused(),
            }
        )

    def do_intent(self, name: str, arguments: list[Any] | None = None) -> None:
        """Call an intent of the board."""
        getattr(self._board, name)(*(arguments or []))
        self._answer({"event": "done"})

    def do_clipboard(self, text: str | None = None) -> None:
        """Put a text on the clipboard or tell what is there."""
        self._answer({"event": "clipboard", "text": self._view.clipboard(text)})

    def do_accessible(self) -> None:
        """Tell role and name of each control as a screen reader gets them."""
        tell = getattr(self._view, "accessible", None)
        self._answer({"event": "accessible", "controls": tell() if tell else None})

    def do_memory(self) -> None:
        """Tell the resident and the unique memory of this process."""
        psutil = importlib.import_module("psutil")
        full = psutil.Process().memory_full_info()
        told = {"rss": full.rss / 1e6, "uss": full.uss / 1e6}
        self._answer({"event": "memory", "modules": len(sys.modules)} | told)

    def do_work(self, kind: str, mode: Any, size: int, live: bool = False) -> None:
        """Do work of a kind while the heart beats, and tell the gaps between beats.

        With `live` the gaps come as they are measured, a few at a time; when the window is frozen,
        none come.
        """
        if kind not in work.KINDS:
            raise ValueError(f"unknown work {kind!r}: choose one of {', '.join(work.KINDS)}")
        if mode not in get_args(Mode):
            raise ValueError(f"mode is {mode!r}: choose one of {', '.join(get_args(Mode))}")
        told = (lambda gaps: self._answer({"event": "beats", "gaps": gaps})) if live else None
        heart, updates, started = Heartbeat(self._view, told), [0], list[float]()
        if mode == "process":
            self._board.jobs.warm()

        def progressed(_: float) -> None:
            updates[0] += 1

        def ended(_: object) -> None:
            gaps, seconds = heart.stop(), time.perf_counter() - started[0]
            self._answer({"event": "work", "gaps": gaps, "s": seconds, "updates": updates[0]})

        def failed(error: BaseException) -> None:
            heart.stop()  # its gaps are those of no work
            self._answer({"event": "refused", "why": f"{type(error).__name__}: {error}"})

        def begin() -> None:
            started.append(time.perf_counter())
            self._board.jobs.submit(
                work.KINDS[kind],
                size,
                mode=mode,
                on_progress=progressed,
                on_done=ended,
                on_error=failed,
            )

        heart.start()
        self._view.after(5 * BEAT_MS, begin)

    def do_close(self) -> None:
        """Close the window as the user does."""
        self._view.close()


def listen(board: Board, remote: Remote, lines: TextIO) -> threading.Thread:
    """Hand each line over to the UI thread; the end of the input closes the window."""

    def read() -> None:
        for line in lines:
            board.dispatcher.post(partial(remote.handle, line))
        board.dispatcher.post(remote.do_close)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def show(name: str, folder: Path, lines: TextIO, answers: TextIO, theme: str = "") -> int:
    """Show a board until it is closed; returns the exit code."""

    def answer(told: dict[str, Any]) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    board = Board(folder)
    try:
        if theme:
            board.set_theme(theme)
        made_at = time.perf_counter()
        view = contenders.load(name).open_view(board)
    except Exception as error:  # noqa: BLE001 - whatever a toolkit raises without a screen
        board.close()
        answer({"event": "no_window", "why": str(error)[:300]})
        return EXIT_NO_WINDOW
    remote = Remote(board, view, answer)
    listen(board, remote, lines)

    def ready() -> None:
        answer({"event": "ready", "made_ms": (time.perf_counter() - made_at) * 1e3})

    view.after(1, ready)
    try:
        view.run()
    finally:
        board.close()
        answer({"event": "exit"})
    return 0


def main() -> int:
    """Run as a program."""
    name, folder, *theme = sys.argv[1:]
    return show(name, Path(folder), sys.stdin, sys.stdout, *theme)


if __name__ == "__main__":
    sys.exit(main())
