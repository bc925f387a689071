"""Qt: a real model behind its table asks for the rows it shows; PySide6, or PyQt6 by the same code.

The two bindings never meet in one process: each brings Qt libraries of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from velvet_desktop.contenders import HEIGHT, MARK, WIDTH, bind, polyline, presses
from velvet_desktop.core.model import STATUSES
from velvet_desktop.core.theme import Theme, to_qss
from velvet_desktop.core.viewmodel import ACTIONS, VISIBLE, Board
from velvet_desktop.qtmodel import accessible, binding, table_model

PACKAGE, MODULE = "PySide6-Essentials", "PySide6"
CAPABILITIES = frozenset({"clipboard", "dialogs", "tray", "accessibility", "rtl"})
FRAME_MS = 16


class QtView:  # pragma: no cover - runs in a child with a screen; tests/integration drives it
    """The board in Qt."""

    def __init__(self, board: Board, package: str) -> None:
        self.core, self.gui, self.widgets = binding(package)
        self._board, self._top = board, 0
        self.app = self.widgets.QApplication(["velvet"])
        self.window = self.widgets.QWidget()
        self.window.setWindowTitle("Velvet board")
        self.window.setGeometry(0, 0, WIDTH, HEIGHT)
        outer = self.widgets.QVBoxLayout(self.window)
        outer.setContentsMargins(0, 0, 0, 8)
        outer.addLayout(self._header())
        outer.addLayout(self._middle(), 1)
        self._chart, self._status = self.widgets.QLabel(), self.widgets.QLabel()
        self._chart.setFixedHeight(90)
        outer.addWidget(self._chart)
        self._status.setTextFormat(self.core.Qt.TextFormat.PlainText)
        outer.addWidget(self._status)
        for action in ACTIONS:
            shortcut = self.gui.QShortcut(self.gui.QKeySequence(action.key), self.window)
            shortcut.activated.connect(getattr(board, action.intent))
        bind(board, self)
        self._timer = self.core.QTimer(self.window)
        self._timer.timeout.connect(board.frame)
        self._timer.start(FRAME_MS)
        self._tray = self._make_tray()
        self.window.show()

    def _header(self) -> Any:
        board, bar = self._board, self.widgets.QHBoxLayout()
        self._mark = self.widgets.QFrame()
        self._mark.setFixedSize(MARK, MARK)
        bar.addWidget(self._mark)
        self._filter, self._draft = self.widgets.QLineEdit(), self.widgets.QLineEdit()
        fields = ((self._filter, "filter", board.search), (self._draft, "draft", board.type_draft))
        for entry, name, tell in fields:
            entry.setAccessibleName(name)
            entry.setPlaceholderText(name)
            entry.textEdited.connect(tell)
            bar.addWidget(entry)
        for action, press in presses(board, self):
            button = self.widgets.QPushButton(action.label)
            button.clicked.connect(lambda *_, it=press: it())
            button.setToolTip(action.key)
            bar.addWidget(button)
        return bar

    def _middle(self) -> Any:
        board, middle = self._board, self.widgets.QHBoxLayout()
        self._model = table_model(self.core, board)
        self._table = self.widgets.QTableView()
        self._table.setAccessibleName("table")
        self._table.setModel(self._model)
        self._table.setTextElideMode(self.core.Qt.TextElideMode.ElideRight)
        rows = self.widgets.QAbstractItemView.SelectionBehavior.SelectRows
        self._table.setSelectionBehavior(rows)
        self._table.setTabKeyNavigation(False)
        for column, width in enumerate((440, 70, 60)):
            self._table.setColumnWidth(column, width)
        self._table.selectionModel().currentRowChanged.connect(
            lambda now, _: board.select(now.row())
        )
        middle.addWidget(self._table, 1)
        lists = self.widgets.QVBoxLayout()
        self._lists = {status: self.widgets.QLabel() for status in STATUSES}
        for label in self._lists.values():
            label.setTextFormat(self.core.Qt.TextFormat.PlainText)  # a title is never markup
            label.setFixedWidth(240)
            lists.addWidget(label, 1)
        middle.addLayout(lists)
        return middle

    def choose(self) -> None:
        path, _ = self.widgets.QFileDialog.getOpenFileName(self.window, "Import", "", "CSV (*.csv)")
        if path:
            self._board.import_csv(Path(path))

    def _make_tray(self) -> Any:
        if not self.widgets.QSystemTrayIcon.isSystemTrayAvailable():
            return None
        pixels = self.gui.QPixmap(32, 32)
        pixels.fill(self.gui.QColor(self._board.theme.value.accent))
        tray = self.widgets.QSystemTrayIcon(self.gui.QIcon(pixels), self.window)
        tray.activated.connect(lambda _: self.window.raise_())
        tray.show()
        return tray

    def columns(self, texts: dict[str, str]) -> None:
        for status, text in texts.items():
            self._lists[status].setText(text)

    def say(self, text: str) -> None:
        self._status.setText(text)

    def show_draft(self, text: str) -> None:
        if self._draft.text() != text:
            self._draft.setText(text)

    def fill(self, _: list[Any]) -> None:
        board = self._board
        self._table.setCurrentIndex(self._model.index(board.selected.value, 0))
        if board.top != self._top:  # else the reader has scrolled to where it is
            self._top, hint = board.top, self.widgets.QAbstractItemView.ScrollHint.PositionAtTop
            self._table.scrollTo(self._model.index(board.top, 0), hint)

    def draw(self, chart: tuple[float, ...]) -> None:
        theme = self._board.theme.value
        pixels = self.gui.QPixmap(WIDTH, 90)
        pixels.fill(self.gui.QColor(theme.surface))
        if len(chart) > 1:
            painter = self.gui.QPainter(pixels)
            painter.setPen(self.gui.QPen(self.gui.QColor(theme.accent), 2))
            points = [self.core.QPointF(*point) for point in polyline(chart, 86, -80)]
            painter.drawPolyline(self.gui.QPolygonF(points))
            painter.end()
        self._chart.setPixmap(pixels)

    def paint(self, theme: Theme) -> None:
        self.window.setStyleSheet(to_qss(theme))

    def pulse(self, colour: str) -> None:
        self._mark.setStyleSheet(f"background: {colour}")

    def run(self) -> None:
        self.app.exec()

    def close(self) -> None:
        self.app.quit()

    def after(self, ms: float, call: Callable[[], object]) -> None:
        self.core.QTimer.singleShot(round(ms), call)

    def shown(self) -> list[str]:
        first = max(0, self._table.rowAt(0))
        rows = range(first, min(first + VISIBLE, self._model.rowCount()))
        return [str(self._model.index(row, 0).data()) for row in rows]

    def focused(self) -> str:
        at = self.app.focusWidget()
        return str(at.accessibleName() or at.text()) if at else ""

    def clipboard(self, text: str | None = None) -> str:
        board = self.app.clipboard()
        if text is not None:
            board.setText(text)
        return str(board.text())

    def accessible(self) -> list[list[str]]:
        return accessible(self.gui, self.widgets, self.window)


def open_view(board: Board) -> QtView:  # pragma: no cover - as above
    """Make the window."""
    return QtView(board, "PySide6")
