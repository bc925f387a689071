"""The view of `qt.py` on the other binding; it exists to be compared, in a process of its own."""

from __future__ import annotations

from velvet_desktop.contenders.qt import CAPABILITIES as OF_QT
from velvet_desktop.contenders.qt import QtView
from velvet_desktop.core.viewmodel import Board

PACKAGE, MODULE = "PyQt6", "PyQt6"
CAPABILITIES = OF_QT  # accessible, too; only QAccessible, to look at it from Python, is left out


def open_view(board: Board) -> QtView:  # pragma: no cover - runs in a child with a screen
    """Make the window."""
    return QtView(board, "PyQt6")
