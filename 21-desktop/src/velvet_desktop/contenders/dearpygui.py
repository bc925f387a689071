"""Dear PyGui: drawn anew every frame by the graphics card; the loop is ours, so that it can drain."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from velvet_desktop.contenders import HEIGHT, MARK, WIDTH, Timers, bind, presses
from velvet_desktop.core.model import STATUSES
from velvet_desktop.core.theme import Theme, rgb
from velvet_desktop.core.viewmodel import ACTIONS, VISIBLE, Board

PACKAGE, MODULE = "dearpygui", "dearpygui"
CAPABILITIES = frozenset({"clipboard", "dialogs"})
FRAME_S = 1 / 100
# ImGui's own codes: the constants mvKey_Prior and mvKey_Next still hold those of an older ImGui.
UP, DOWN, PAGE_UP, PAGE_DOWN = 515, 516, 517, 518


def _quiet(call: Callable[[], object], *_: object) -> None:
    """Call without what Dear PyGui hands to a callback."""
    call()


class DearPyGuiView:  # pragma: no cover - runs in a child with a screen; tests/integration drives it
    """The board in Dear PyGui."""

    def __init__(self, board: Board) -> None:
        import dearpygui.dearpygui as dpg  # type: ignore[import-untyped,unused-ignore]

        self._board, self._dpg, self._open, self._timers = board, dpg, True, Timers()
        dpg.create_context()
        dpg.configure_app(manual_callback_management=True)
        dpg.create_viewport(
            title="Velvet board", width=WIDTH, height=HEIGHT, x_pos=0, y_pos=0, vsync=False
        )
        with dpg.window(tag="all"):
            self._header()
            self._middle()
            dpg.add_simple_plot(tag="chart", height=90, width=-1, max_scale=1.0, min_scale=0.0)
            dpg.add_text(tag="status")
        dpg.set_primary_window("all", True)
        with dpg.viewport_drawlist(front=True):
            dpg.draw_rectangle((0, 0), (MARK, MARK), tag="mark", thickness=0)
        self._keys()
        bind(board, self)
        dpg.setup_dearpygui()
        dpg.show_viewport()
        dpg.focus_item("filter")  # Tab needs a start

    def _header(self) -> None:
        dpg, board = self._dpg, self._board
        with dpg.group(horizontal=True):
            dpg.add_spacer(width=MARK)
            for name, tell in (("filter", board.search), ("draft", board.type_draft)):
                dpg.add_input_text(
                    tag=name,
                    width=110,
                    hint=name,
                    callback=lambda _, text, it: it(text),
                    user_data=tell,
                )
            for it, press in presses(board, self):
                dpg.add_button(tag=it.label, label=it.label, callback=partial(_quiet, press))
        chosen = lambda _, told: board.import_csv(Path(told["file_path_name"]))  # noqa: E731
        with dpg.file_dialog(tag="files", show=False, width=600, height=400, callback=chosen):
            dpg.add_file_extension(".csv")

    def choose(self) -> None:
        self._dpg.show_item("files")

    def _middle(self) -> None:
        dpg, board = self._dpg, self._board
        with dpg.group(horizontal=True):
            with dpg.table(width=620, header_row=True, height=440):
                for name, share in (("Title", 6.0), ("Column", 1.0), ("Priority", 0.8)):
                    dpg.add_table_column(label=name, init_width_or_weight=share)
                for row in range(VISIBLE):
                    with dpg.table_row():
                        press = partial(_quiet, partial(board.select_shown, row))
                        dpg.add_selectable(tag=f"cell-{row}-0", span_columns=True, callback=press)
                        dpg.add_text(tag=f"cell-{row}-1")
                        dpg.add_text(tag=f"cell-{row}-2")
            slid = lambda _, at: board.scroll_to(int((1 - at) * board.rows.count))  # noqa: E731
            look = {"vertical": True, "height": 440, "width": 20, "format": ""}
            dpg.add_slider_float(tag="slider", max_value=1.0, callback=slid, **look)
            with dpg.group():
                for status in STATUSES:
                    dpg.add_text(tag=f"list-{status}")
                    dpg.add_spacer(height=8)

    def _keys(self) -> None:
        dpg, board = self._dpg, self._board
        with dpg.handler_registry():
            for action in ACTIONS:
                run = partial(_quiet, getattr(board, action.intent))
                dpg.add_key_press_handler(getattr(dpg, f"mvKey_{action.key}"), callback=run)
            moves = [(PAGE_DOWN, board.scroll_by, VISIBLE), (PAGE_UP, board.scroll_by, -VISIBLE)]
            moves += [(DOWN, board.select_by, 1), (UP, board.select_by, -1)]
            for key, move, rows in moves:
                dpg.add_key_press_handler(key, callback=partial(_quiet, partial(move, rows)))
            dpg.add_mouse_wheel_handler(callback=lambda _, turn: board.scroll_by(int(-3 * turn)))

    def fill(self, lines: list[Any]) -> None:
        for row, (texts, chosen) in enumerate(lines):
            self._dpg.configure_item(f"cell-{row}-0", label=texts[0].replace("##", "# # ") or " ")
            for place, value in enumerate((chosen, *texts[1:])):
                self._dpg.set_value(f"cell-{row}-{place}", value)
        self._dpg.set_value("slider", 1 - self._board.top / max(1, self._board.rows.count))

    def columns(self, texts: dict[str, str]) -> None:
        for status, text in texts.items():
            self._dpg.set_value(f"list-{status}", text)

    def draw(self, chart: tuple[float, ...]) -> None:
        self._dpg.set_value("chart", list(chart) or [0.0])

    def say(self, text: str) -> None:
        self._dpg.set_value("status", text)

    def show_draft(self, text: str) -> None:
        if not self._dpg.is_item_active("draft"):
            self._dpg.set_value("draft", text)
        elif self._dpg.get_value("draft") != text:
            # What has the keyboard writes its own text over what is set: again in five frames.
            self._dpg.focus_item("filter")
            self.after(5_000 * FRAME_S, lambda: self.show_draft(self._board.draft.value))

    def paint(self, theme: Theme) -> None:
        dpg = self._dpg
        colours = dict.fromkeys(("WindowBg", "ChildBg"), theme.surface)
        raised = ("PopupBg", "FrameBg", "Button", "TableHeaderBg", "Header")
        colours |= dict.fromkeys(raised, theme.raised)
        colours |= {"Text": theme.text, "TextDisabled": theme.muted, "Border": theme.line}
        colours |= {
            "ButtonHovered": theme.line,
            "PlotLines": theme.accent,
            "SliderGrab": theme.accent,
        }
        with dpg.theme() as look, dpg.theme_component(dpg.mvAll):
            for name, colour in colours.items():
                dpg.add_theme_color(getattr(dpg, f"mvThemeCol_{name}"), rgb(colour))
            dpg.add_theme_style(dpg.mvStyleVar_FrameRounding, theme.radius)
        dpg.bind_theme(look)

    def pulse(self, colour: str) -> None:
        self._dpg.configure_item("mark", fill=rgb(colour), color=rgb(colour))

    def run(self) -> None:
        dpg = self._dpg
        due = time.perf_counter()
        while self._open and dpg.is_dearpygui_running():
            dpg.run_callbacks(dpg.get_callback_queue())
            self._timers.run_due()
            self._board.frame()
            dpg.render_dearpygui_frame()
            due = max(due + FRAME_S, time.perf_counter())
            time.sleep(max(0.0, due - time.perf_counter()))
        dpg.destroy_context()

    def close(self) -> None:
        self._open = False

    def after(self, ms: float, call: Callable[[], object]) -> None:
        self._timers.add(ms, call)

    def shown(self) -> list[str]:
        labels = [self._dpg.get_item_label(f"cell-{row}-0") for row in range(VISIBLE)]
        return [label for label in labels if label.strip()]

    def focused(self) -> str:
        names = ("filter", "draft", *(action.label for action in ACTIONS))
        return next((name for name in names if self._dpg.is_item_focused(name)), "")

    def clipboard(self, text: str | None = None) -> str:
        if text is not None:
            self._dpg.set_clipboard_text(text)
        return str(self._dpg.get_clipboard_text())


def open_view(board: Board) -> DearPyGuiView:  # pragma: no cover - as above
    """Make the window."""
    return DearPyGuiView(board)
