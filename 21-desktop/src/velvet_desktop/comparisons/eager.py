"""A table of a toolkit with all of its rows in it, and one that asks for what it shows.

A program of its own: `python -m velvet_desktop.comparisons.eager TOOLKIT eager|window ROWS` prints
one line of JSON: ms until the first frame with all rows, ms of each leap through them, memory.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import psutil

from velvet_desktop.core.rows import RowWindow

VISIBLE, LEAPS = 16, 30
Frame = Callable[[], object]
Leap = Callable[[int], object]


def title(row: int) -> str:
    """Return what a row says."""
    return f"write the form {row}"


def window(count: int) -> RowWindow[str]:
    """Return the rows as the board has them: pages, made when they are asked for."""
    return RowWindow(lambda start, stop: [title(row) for row in range(start, stop)], count)


def tk(kind: str, count: int) -> tuple[Callable[[], None], Frame, Leap]:
    """Treeview with every row, or sixteen labels."""
    import tkinter
    from tkinter import ttk

    root = tkinter.Tk()
    root.geometry("600x420+0+0")
    if kind == "eager":
        tree = ttk.Treeview(root, columns=("title",), show="headings", height=VISIBLE)
        tree.pack()

        def load() -> None:
            for row in range(count):
                tree.insert("", "end", values=(title(row),))

        return load, root.update, lambda row: tree.yview_moveto(row / count)
    labels = [tkinter.Label(root, anchor="w", width=60) for _ in range(VISIBLE)]
    for label in labels:
        label.pack()
    rows: list[RowWindow[str]] = []

    def leap(row: int) -> None:
        for label, text in zip(labels, rows[0].rows(row, row + VISIBLE), strict=False):
            label.configure(text=text or "")

    def show() -> None:
        rows.append(window(count))
        leap(0)

    return show, root.update, leap


def qt(kind: str, count: int) -> tuple[Callable[[], None], Frame, Leap]:
    """QTableWidget with an item a cell, or a model behind a QTableView."""
    core = importlib.import_module("PySide6.QtCore")
    widgets = importlib.import_module("PySide6.QtWidgets")
    app = widgets.QApplication(["rows"])
    top = widgets.QAbstractItemView.ScrollHint.PositionAtTop
    kept: list[Any] = []
    table = widgets.QTableWidget() if kind == "eager" else widgets.QTableView()
    table.resize(600, 420)

    def load() -> None:
        table.setRowCount(count)
        table.setColumnCount(1)
        for row in range(count):
            table.setItem(row, 0, widgets.QTableWidgetItem(title(row)))
        table.show()

    def show() -> None:
        rows = window(count)

        class Model(core.QAbstractTableModel):  # type: ignore[misc,name-defined]
            def rowCount(self, parent: Any = None) -> int:  # noqa: N802, ARG002 - Qt's names
                return count

            def columnCount(self, parent: Any = None) -> int:  # noqa: N802, ARG002
                return 1

            def data(self, index: Any, role: Any = core.Qt.ItemDataRole.DisplayRole) -> Any:
                shown = role == core.Qt.ItemDataRole.DisplayRole
                return rows.row(index.row()) if shown else None

        kept.append(Model())
        table.setModel(kept[0])
        table.show()

    return (
        load if kind == "eager" else show,
        app.processEvents,
        lambda row: table.scrollTo(table.model().index(row, 0), top),
    )


def kivy(kind: str, count: int) -> tuple[Callable[[], None], Frame, Leap]:
    """RecycleView, whose data is a list of all rows, or sixteen labels."""
    os.environ.setdefault("KIVY_NO_ARGS", "1")
    os.environ.setdefault("KIVY_NO_FILELOG", "1")
    os.environ.setdefault("KIVY_HOME", tempfile.mkdtemp())
    config = importlib.import_module("kivy.config").Config
    for name, value in (("width", 600), ("height", 420), ("maxfps", 0)):
        config.set("graphics", name, value)
    base = importlib.import_module("kivy.base")
    layout = importlib.import_module("kivy.uix.boxlayout").BoxLayout(orientation="vertical")
    label_type = importlib.import_module("kivy.uix.label").Label
    importlib.import_module("kivy.core.window")  # before the loop: it makes the window
    base.runTouchApp(layout, embedded=True)
    if kind == "eager":
        view = importlib.import_module("kivy.uix.recycleview").RecycleView()
        box = importlib.import_module("kivy.uix.recycleboxlayout").RecycleBoxLayout(
            orientation="vertical", default_size=(None, 24), default_size_hint=(1, None)
        )
        box.size_hint_y = None
        box.bind(minimum_height=box.setter("height"))
        view.add_widget(box)
        view.viewclass = label_type
        layout.add_widget(view)

        def load() -> None:
            view.data = [{"text": title(row)} for row in range(count)]

        return load, base.EventLoop.idle, lambda row: setattr(view, "scroll_y", 1 - row / count)
    labels = [label_type() for _ in range(VISIBLE)]
    for label in labels:
        layout.add_widget(label)
    rows: list[RowWindow[str]] = []

    def leap(row: int) -> None:
        for label, text in zip(labels, rows[0].rows(row, row + VISIBLE), strict=False):
            label.text = text or ""

    def show() -> None:
        rows.append(window(count))
        leap(0)

    return show, base.EventLoop.idle, leap


def dearpygui(kind: str, count: int) -> tuple[Callable[[], None], Frame, Leap]:
    """A table with a row an item, or sixteen texts."""
    import dearpygui.dearpygui as dpg  # type: ignore[import-untyped,unused-ignore]

    dpg.create_context()
    dpg.create_viewport(title="rows", width=600, height=420, vsync=False)
    dpg.setup_dearpygui()
    dpg.show_viewport()
    rows: list[RowWindow[str]] = []

    def load() -> None:
        with dpg.window(tag="all"), dpg.table(tag="table", scrollY=True, clipper=True):
            dpg.add_table_column(label="Title")
            for row in range(count):
                with dpg.table_row():
                    dpg.add_text(title(row))
        dpg.set_primary_window("all", True)

    def leap(row: int) -> None:
        for place, text in enumerate(rows[0].rows(row, row + VISIBLE)):
            dpg.set_value(f"row-{place}", text)

    def show() -> None:
        with dpg.window(tag="all"):
            for place in range(VISIBLE):
                dpg.add_text(tag=f"row-{place}")
        dpg.set_primary_window("all", True)
        rows.append(window(count))
        leap(0)

    def far(row: int) -> None:
        dpg.set_y_scroll("table", dpg.get_y_scroll_max("table") * row / count)

    eager = kind == "eager"
    return load if eager else show, dpg.render_dearpygui_frame, far if eager else leap


def main() -> None:
    """Load, draw, leap, tell."""
    toolkit, kind, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    makers = {"tk": tk, "qt": qt, "kivy": kivy, "dearpygui": dearpygui}
    load, frame, leap = makers[toolkit](kind, count)
    frame()
    begun = time.perf_counter()
    load()
    for _ in range(3):  # a layout takes a second frame in some
        frame()
    loaded = (time.perf_counter() - begun) * 1e3
    times = []
    for number in range(LEAPS):
        begun = time.perf_counter()
        leap(number * 7_919 * 131 % max(1, count - VISIBLE))
        frame()
        times.append((time.perf_counter() - begun) * 1e3)
    rss = psutil.Process().memory_info().rss / 1e6
    sys.stdout.write(json.dumps({"load": loaded, "leaps": sorted(times), "rss": rss}) + "\n")
    sys.stdout.flush()
    os._exit(0)  # toolkits take their time to tear down what is not measured


if __name__ == "__main__":
    main()
