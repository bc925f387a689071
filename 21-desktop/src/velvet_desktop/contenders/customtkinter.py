"""The view of `tk.py` with the rounded buttons of customtkinter: what a skin costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from velvet_desktop.contenders.tk import CAPABILITIES as OF_TK
from velvet_desktop.contenders.tk import TkView
from velvet_desktop.core.theme import Theme
from velvet_desktop.core.viewmodel import Board

PACKAGE, MODULE = "customtkinter", "customtkinter"
CAPABILITIES = OF_TK


class SkinnedView(TkView):  # pragma: no cover - runs in a child with a screen
    """Tk with a skin: drawn buttons in the place of Tk's own."""

    def button(self, bar: Any, text: str, press: Callable[[], object]) -> Any:
        import customtkinter  # type: ignore[import-untyped,unused-ignore]

        return customtkinter.CTkButton(bar, text=text, width=40, command=press)

    def paint(self, theme: Theme) -> None:
        import customtkinter  # type: ignore[import-untyped,unused-ignore]

        customtkinter.set_appearance_mode("light" if theme.name == "light" else "dark")
        for drawn in list(self._named)[2:-1]:
            drawn.configure(fg_color=theme.accent, text_color=theme.on_accent)
        for label in (*self._lists.values(), *(one for line in self._labels for one in line)):
            label.configure(background=theme.surface, foreground=theme.text)
        self._root.configure(background=theme.surface)


def open_view(board: Board) -> SkinnedView:  # pragma: no cover - as above
    """Make the window."""
    return SkinnedView(board)
