"""No toolkit: a loop that beats like one, for tests, for machines without a screen, as a zero line."""

from __future__ import annotations

import time
from collections.abc import Callable

from velvet_desktop.contenders import Timers, titles
from velvet_desktop.core.viewmodel import Board

PACKAGE, MODULE = "", "time"
CAPABILITIES = frozenset({"clipboard"})
FRAME_S = 1 / 60


class HeadlessView:
    """A window that nothing draws."""

    def __init__(self, board: Board) -> None:
        self._board, self._open, self._timers, self._text = board, True, Timers(), ""

    def run(self) -> None:
        due = time.perf_counter()
        while self._open:
            self._timers.run_due()
            if time.perf_counter() >= due:
                self._board.frame()
                due = time.perf_counter() + FRAME_S
            time.sleep(max(0.0, self._timers.next_due(due) - time.perf_counter()))

    def close(self) -> None:
        self._open = False

    def after(self, ms: float, call: Callable[[], object]) -> None:
        self._timers.add(ms, call)

    def shown(self) -> list[str]:
        return titles(self._board.page.value)

    def focused(self) -> str:
        return ""

    def clipboard(self, text: str | None = None) -> str:
        self._text = self._text if text is None else text
        return self._text


def open_view(board: Board) -> HeadlessView:
    """Make the window that is none."""
    return HeadlessView(board)
