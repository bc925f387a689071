"""Kivy: everything is drawn by OpenGL; made for touch and motion, no accessibility tree."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from velvet_desktop.contenders import HEIGHT, MARK, WIDTH, bind, polyline, presses
from velvet_desktop.core.model import STATUSES
from velvet_desktop.core.theme import Theme, rgba
from velvet_desktop.core.viewmodel import ACTIONS, VISIBLE, Board

PACKAGE, MODULE = "kivy", "kivy"
CAPABILITIES = frozenset({"clipboard", "dialogs"})
KEYS = {282 + number: f"F{number + 1}" for number in range(12)} | {27: "Escape"}
PAGE_KEYS, ROW_KEYS = {281: VISIBLE, 280: -VISIBLE}, {274: 1, 273: -1}


class KivyView:  # pragma: no cover - runs in a child with a screen; tests/integration drives it
    """The board in Kivy."""

    def __init__(self, board: Board) -> None:
        for name in ("KIVY_NO_ARGS", "KIVY_NO_FILELOG", "KIVY_NO_ENV_CONFIG"):
            os.environ.setdefault(name, "1")
        os.environ.setdefault("KIVY_HOME", str(board.folder / "kivy"))
        from kivy.config import Config  # type: ignore[import-untyped,unused-ignore]

        place = {"left": 0, "top": 0, "position": "custom", "width": WIDTH, "height": HEIGHT}
        for key, value in (place | {"maxfps": 100}).items():
            Config.set("graphics", key, value)
        Config.set("kivy", "exit_on_escape", 0)
        from kivy.app import App  # type: ignore[import-untyped,unused-ignore]
        from kivy.clock import Clock  # type: ignore[import-untyped,unused-ignore]
        from kivy.core.window import Window  # type: ignore[import-untyped,unused-ignore]

        self._board, self._clock, self._window = board, Clock, Window
        self._app = App()
        self._app.root = self._build()
        Window.bind(on_key_down=self._key, on_request_close=self._asked)
        bind(board, self)
        Clock.schedule_interval(lambda _: board.frame(), 1 / 60)
        Clock.schedule_once(lambda _: setattr(self._filter, "focus", True))  # Tab needs a start

    def _build(self) -> Any:
        from kivy.graphics import (  # type: ignore[import-untyped,unused-ignore]
            Color,
            Line,
            Rectangle,
        )
        from kivy.uix.boxlayout import BoxLayout  # type: ignore[import-untyped,unused-ignore]
        from kivy.uix.button import Button  # type: ignore[import-untyped,unused-ignore]
        from kivy.uix.label import Label  # type: ignore[import-untyped,unused-ignore]
        from kivy.uix.slider import Slider  # type: ignore[import-untyped,unused-ignore]
        from kivy.uix.textinput import TextInput  # type: ignore[import-untyped,unused-ignore]

        board, tall = self._board, {"size_hint_y": None}
        root = BoxLayout(orientation="vertical")
        bar = BoxLayout(height=32, spacing=4, **tall)
        bar.add_widget(Label(size_hint_x=None, width=MARK))
        self._filter = TextInput(hint_text="filter", multiline=False, font_size=13)
        self._draft = TextInput(hint_text="draft", multiline=False, font_size=13)
        self._filter.bind(text=lambda _, text: board.search(text))
        self._draft.bind(text=self._typed)
        for entry in (self._filter, self._draft):
            entry.write_tab = False
            bar.add_widget(entry)
        self._buttons = []
        for action, press in presses(board, self):
            button = Button(text=action.label, font_size=12, background_normal="")
            button.bind(on_release=lambda _, it=press: it())
            self._buttons.append(button)
            bar.add_widget(button)
        middle, grid = BoxLayout(), BoxLayout(orientation="vertical", size_hint_x=2.4)
        plain = {"font_size": 13, "halign": "left", "shorten": True, "valign": "middle"}
        self._rows = []
        for row in range(VISIBLE):
            line = BoxLayout(padding=(8, 0))
            labels = [Label(size_hint_x=share, **plain) for share in (6, 1, 0.6)]
            for label in labels:
                line.add_widget(label)
            line.bind(on_touch_down=partial(self._touched, row))
            grid.add_widget(line)
            self._rows.append(labels)
        self._slider = Slider(orientation="vertical", max=1, value=1, size_hint_x=None, width=24)
        self._slider.value_track = True  # else a light line on a light window
        self._slider.bind(value=self._slid)
        lists = BoxLayout(orientation="vertical")
        plain = {"font_size": 13, "halign": "left", "valign": "top"}
        self._lists = {status: Label(**plain) for status in STATUSES}
        for label in self._lists.values():
            lists.add_widget(label)
        for part in (grid, self._slider, lists):
            middle.add_widget(part)
        self._status = Label(height=28, font_size=13, **tall)
        for part in (bar, middle, Label(height=90, **tall), self._status):
            root.add_widget(part)
        with self._window.canvas.after:
            self._mark_colour = Color()
            Rectangle(pos=(0, HEIGHT - MARK), size=(MARK, MARK))
            self._line_colour, self._line = Color(), Line(width=1.2)
        self._texts = [*(one for line in self._rows for one in line), *self._lists.values()]
        for text in self._texts:
            text.bind(size=text.setter("text_size"))
        self._texts.append(self._status)
        return root

    def _asked(self, *_: object) -> bool:
        self.close()
        return True

    def _typed(self, _: object, text: str) -> None:
        if text != self._board.draft.value:
            self._board.type_draft(text)

    def _touched(self, row: int, box: Any, touch: Any) -> None:
        if box.collide_point(*touch.pos) and touch.is_mouse_scrolling:
            self._board.scroll_by(3 if touch.button == "scrollup" else -3)
        elif box.collide_point(*touch.pos):
            self._board.select_shown(row)

    def _key(self, _: object, code: int, *_rest: object) -> bool:
        self._board.scroll_by(PAGE_KEYS.get(code, 0))
        if code in ROW_KEYS:
            self._board.select_by(ROW_KEYS[code])
        wanted = [one.intent for one in ACTIONS if one.key == KEYS.get(code)]
        for intent in wanted:
            getattr(self._board, intent)()
        return bool(wanted)

    def choose(self) -> None:
        from kivy.uix import filechooser  # type: ignore[import-untyped,unused-ignore]
        from kivy.uix.popup import Popup  # type: ignore[import-untyped,unused-ignore]

        chooser = filechooser.FileChooserListView(filters=["*.csv"])
        chooser.bind(on_submit=lambda _, chosen, __: self._board.import_csv(Path(chosen[0])))
        Popup(title="Import", content=chooser, size_hint=(0.8, 0.8)).open()

    def _slid(self, _: object, share: float) -> None:
        row = int((1 - share) * self._board.rows.count)
        if abs(row - self._board.top) > VISIBLE:
            self._board.scroll_to(row)

    def fill(self, lines: list[Any]) -> None:
        for labels, (texts, chosen) in zip(self._rows, lines, strict=True):
            for label, text in zip(labels, texts, strict=True):
                label.text, label.bold = text, chosen
        self._slider.value = 1 - self._board.top / max(1, self._board.rows.count)

    def columns(self, texts: dict[str, str]) -> None:
        for status, text in texts.items():
            self._lists[status].text = text

    def say(self, text: str) -> None:
        self._status.text = text

    def show_draft(self, text: str) -> None:
        self._draft.text = text

    def draw(self, chart: tuple[float, ...]) -> None:
        self._line.points = [part for point in polyline(chart, 32, 80) for part in point]

    def paint(self, theme: Theme) -> None:
        self._window.clearcolor = rgba(theme.surface)
        self._line_colour.rgba = self._slider.value_track_color = rgba(theme.accent)
        for text in self._texts:
            text.color = rgba(theme.text)
        for button in self._buttons:
            button.background_color, button.color = rgba(theme.raised), rgba(theme.text)
        for entry in (self._filter, self._draft):
            entry.background_color = rgba(theme.raised)
            entry.foreground_color = rgba(theme.text)

    def pulse(self, colour: str) -> None:
        self._mark_colour.rgba = rgba(colour)

    def run(self) -> None:
        self._app.run()

    def close(self) -> None:
        self._app.stop()

    def after(self, ms: float, call: Callable[[], object]) -> None:
        self._clock.schedule_once(lambda _: call(), ms / 1e3)

    def shown(self) -> list[str]:
        return [labels[0].text for labels in self._rows if labels[0].text]

    def focused(self) -> str:
        return "filter" if self._filter.focus else "draft" if self._draft.focus else ""

    def clipboard(self, text: str | None = None) -> str:
        from kivy.core.clipboard import Clipboard  # type: ignore[import-untyped,unused-ignore]

        if text is not None:
            Clipboard.copy(text)
        return str(Clipboard.paste())


def open_view(board: Board) -> KivyView:  # pragma: no cover - as above
    """Make the window."""
    return KivyView(board)
