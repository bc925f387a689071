"""Where Qt is special: its two bindings, what it asks of a table, what it tells a screen reader."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from velvet_desktop.contenders import cells
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.errors import DesktopError


def binding(package: str) -> tuple[Any, ...]:
    """Return QtCore, QtGui and QtWidgets of a binding; DesktopError when the other one is here."""
    other = {"PySide6": "PyQt6", "PyQt6": "PySide6"}[package]
    if other in sys.modules:  # each brings Qt libraries of its own
        raise DesktopError(f"{other} is in this process: start {package} in one of its own")
    parts = ("QtCore", "QtGui", "QtWidgets")
    return tuple(importlib.import_module(f"{package}.{part}") for part in parts)


def table_model(core: Any, board: Board) -> Any:  # pragma: no cover - in a child with a screen
    """Return a Qt model over the rows of a board: it owns nothing and asks for what is seen."""

    class Model(core.QAbstractTableModel):  # type: ignore[misc]
        def rowCount(self, parent: Any = None) -> int:  # noqa: N802, ARG002 - Qt's names
            return board.rows.count

        def columnCount(self, parent: Any = None) -> int:  # noqa: N802, ARG002
            return 3

        def data(self, index: Any, role: Any = core.Qt.ItemDataRole.DisplayRole) -> Any:
            if role != core.Qt.ItemDataRole.DisplayRole or index.row() >= board.rows.count:
                return None
            return cells(board.rows.row(index.row()))[index.column()]

        def headerData(self, section: int, across: Any, role: Any = 0) -> Any:  # noqa: N802
            if role != core.Qt.ItemDataRole.DisplayRole:
                return None
            flat = across == core.Qt.Orientation.Horizontal
            return ("Title", "Column", "Priority")[section] if flat else str(section + 1)

    model = Model()
    board.rows.reset.connect(lambda _: (model.beginResetModel(), model.endResetModel()))
    board.rows.loaded.connect(
        lambda span: model.dataChanged.emit(model.index(span[0], 0), model.index(span[1] - 1, 2))
    )
    return model


def accessible(
    gui: Any, widgets: Any, window: Any
) -> list[list[str]]:  # pragma: no cover - as above
    """Return role and name of each focusable control, as a screen reader gets them."""
    found = []
    for child in window.findChildren(widgets.QWidget):
        if child.focusPolicy().value & 1 and child.isVisible():
            about = gui.QAccessible.queryAccessibleInterface(child)
            found.append([about.role().name, about.text(gui.QAccessible.Text.Name)])
    return found
