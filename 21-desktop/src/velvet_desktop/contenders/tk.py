"""Tk: in the standard library; the table is sixteen labels that are filled anew, not a million."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from velvet_desktop.contenders import HEIGHT, MARK, WIDTH, bind, polyline, presses
from velvet_desktop.core.model import STATUSES
from velvet_desktop.core.theme import Theme
from velvet_desktop.core.viewmodel import ACTIONS, VISIBLE, Board

if TYPE_CHECKING:
    import tkinter

PACKAGE, MODULE = "", "tkinter"
CAPABILITIES = frozenset({"clipboard", "dialogs"})
FRAME_MS = 16


def _quiet(call: Callable[[], object], _: object) -> None:
    """Call without the event that Tk hands over."""
    call()


class TkView:  # pragma: no cover - runs in a child with a screen; tests/integration drives it
    """The board in Tk."""

    def __init__(self, board: Board) -> None:
        import tkinter as tk

        self._board, self._root, self._tk = board, tk.Tk(), tk
        self._root.title("Velvet board")
        self._root.geometry(f"{WIDTH}x{HEIGHT}+0+0")
        self._root.protocol("WM_DELETE_WINDOW", self.close)
        self._header()
        self._table()
        for action in ACTIONS:
            self._root.bind(f"<{action.key}>", partial(_quiet, getattr(board, action.intent)))
        bind(board, self)
        self._root.focus_force()
        self._tick()

    def _header(self) -> None:
        tk, board = self._tk, self._board
        bar = tk.Frame(self._root)
        bar.pack(fill="x")
        self._mark = tk.Frame(bar, width=MARK, height=MARK)
        self._mark.pack(side="left")
        self._unpainted: list[Any] = [self._mark]
        self._filter, self._draft = tk.Entry(bar, width=12), tk.Entry(bar, width=16)
        self._filter.bind("<KeyRelease>", lambda _: board.search(self._filter.get()))
        self._draft.bind("<KeyRelease>", lambda _: board.type_draft(self._draft.get()))
        for entry, name in ((self._filter, "filter"), (self._draft, "draft")):
            tk.Label(bar, text=name).pack(side="left", padx=(8, 0))
            entry.pack(side="left", padx=4)
        self._named: dict[Any, str] = {self._filter: "filter", self._draft: "draft"}
        for action, press in presses(board, self):
            button = self.button(bar, action.label, press)
            button.pack(side="left", padx=2, pady=2)
            self._named[button] = action.label

    def button(self, bar: Any, text: str, press: Callable[[], object]) -> Any:
        return self._tk.Button(bar, text=text, padx=4, command=press)

    def _table(self) -> None:
        tk = self._tk
        area = tk.Frame(self._root)
        area.pack(fill="both", expand=True)
        self._bar = tk.Scrollbar(area, command=self._scrolled, takefocus=0)
        grid = tk.Frame(area, takefocus=1, width=560)
        grid.pack(side="left", fill="both", expand=True)
        self._named[grid] = "table"
        self._bar.pack(side="left", fill="y")
        self._labels = []
        for row in range(VISIBLE):
            line = [tk.Label(grid, anchor="w", width=width) for width in (42, 8, 4)]
            for place, label in enumerate(line):
                label.grid(row=row, column=place, sticky="ew", ipady=4, padx=(8, 0))
                label.bind("<Button-1>", partial(_quiet, partial(self._board.select_shown, row)))
                label.bind("<MouseWheel>", self._wheel)  # of Windows and macOS; X has buttons
                label.bind("<Button-4>", lambda _: self._board.scroll_by(-3))
                label.bind("<Button-5>", lambda _: self._board.scroll_by(3))
            self._labels.append(line)
        grid.bind("<Next>", lambda _: self._board.scroll_by(VISIBLE))
        grid.bind("<Prior>", lambda _: self._board.scroll_by(-VISIBLE))
        self._root.bind("<Down>", lambda _: self._board.select_by(1))
        self._root.bind("<Up>", lambda _: self._board.select_by(-1))
        self._lists = {one: tk.Label(area, anchor="nw", justify="left") for one in STATUSES}
        for label in self._lists.values():
            label.pack(anchor="nw", padx=12, pady=8)
        self._canvas = tk.Canvas(self._root, height=90, highlightthickness=0)
        self._canvas.pack(fill="x")
        self._status = tk.Label(self._root, anchor="w")
        self._status.pack(fill="x", padx=8, pady=4)

    def _tick(self) -> None:
        self._root.after(FRAME_MS, self._tick)
        self._board.frame()

    def _scrolled(self, kind: str, amount: str, unit: str = "") -> None:
        if kind == "moveto":
            self._board.scroll_to(int(float(amount) * self._board.rows.count))
        else:
            self._board.scroll_by(int(amount) * (VISIBLE if unit == "pages" else 1))

    def _wheel(self, event: Any) -> None:
        self._board.scroll_by(-3 if event.delta > 0 else 3)

    def choose(self) -> None:
        from tkinter import filedialog

        if path := filedialog.askopenfilename(filetypes=[("CSV", "*.csv")]):
            self._board.import_csv(Path(path))

    def fill(self, lines: list[Any]) -> None:
        theme = self._board.theme.value
        for labels, (texts, chosen) in zip(self._labels, lines, strict=True):
            for label, text in zip(labels, texts, strict=True):
                label.configure(text=text, background=theme.raised if chosen else theme.surface)
        count = max(1, self._board.rows.count)
        self._bar.set(self._board.top / count, (self._board.top + VISIBLE) / count)

    def columns(self, texts: dict[str, str]) -> None:
        for status, text in texts.items():
            self._lists[status].configure(text=text)

    def draw(self, chart: tuple[float, ...]) -> None:
        self._canvas.delete("line")
        if len(chart) > 1:
            colour = self._board.theme.value.accent
            points = polyline(chart, 86, -80)
            self._canvas.create_line(*points, fill=colour, width=2, tags="line")

    def say(self, text: str) -> None:
        self._status.configure(text=text)

    def show_draft(self, text: str) -> None:
        if self._draft.get() != text:
            self._draft.delete(0, "end")
            self._draft.insert(0, text)

    def paint(self, theme: Theme) -> None:
        waiting: list[tkinter.Misc] = [self._root]
        while waiting:
            widget = waiting.pop()
            waiting += [one for one in widget.winfo_children() if one not in self._unpainted]
            kind = widget.winfo_class()
            raised = kind in ("Button", "Entry")
            colours: dict[str, Any] = {"background": theme.raised if raised else theme.surface}
            if kind in ("Button", "Entry", "Label"):
                colours |= {"foreground": theme.text, "font": ("", -theme.size), "borderwidth": 0}
            if raised:
                colours |= {"highlightbackground": theme.line, "highlightcolor": theme.accent}
            widget.configure(**colours)

    def pulse(self, colour: str) -> None:
        self._mark.configure(background=colour)

    def run(self) -> None:
        self._root.mainloop()

    def close(self) -> None:
        self._root.quit()

    def after(self, ms: float, call: Callable[[], object]) -> None:
        self._root.after(max(1, round(ms)), call)

    def shown(self) -> list[str]:
        return [str(line[0].cget("text")) for line in self._labels if line[0].cget("text")]

    def focused(self) -> str:
        return self._named.get(self._root.focus_get(), "")

    def clipboard(self, text: str | None = None) -> str:
        if text is not None:
            self._root.clipboard_clear()
            self._root.clipboard_append(text)
            return text
        return str(self._root.clipboard_get())


def open_view(board: Board) -> TkView:  # pragma: no cover - as above
    """Make the window."""
    return TkView(board)
