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

        self._unpainted.append(customtkinter.CTkButton(bar, text=text, width=40, command=press))
        return self._unpainted[-1]

    def paint(self, theme: Theme) -> None:
        import customtkinter  # type: ignore[import-untyped,unused-ignore]

        super().paint(theme)
        customtkinter.set_appearance_mode("light" if theme.name == "light" else "dark")
        colours = {"fg_color": theme.accent, "text_color": theme.on_accent}
        for drawn in self._unpainted[1:]:
            drawn.configure(bg_color=theme.surface, **colours)


def open_view(board: Board) -> SkinnedView:  # pragma: no cover - as above
    """Make the window."""
    return SkinnedView(board)
