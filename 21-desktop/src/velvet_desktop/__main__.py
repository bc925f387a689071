"""The board as a command: `python -m velvet_desktop` opens it, with the first toolkit that is here."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from velvet_desktop import contenders, native
from velvet_desktop.core.settings import SingleInstance
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.display import qt_problem, unreachable
from velvet_desktop.errors import DesktopError, NoDisplay, UnknownTheme, UnknownToolkit

EXIT_FAILED, EXIT_WRONG_USE, EXIT_NO_DISPLAY = 1, 2, 3
LOOK_MS = 200  # between two looks for files that a second start has handed over


def arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m velvet_desktop", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a CSV file to import")
    parser.add_argument("--toolkit", default="auto", help=f"auto, {', '.join(contenders.NAMES)}")
    parser.add_argument("--theme", default="", help="light, dark or high_contrast")
    parser.add_argument("--folder", type=Path, default=Path.home() / ".velvet-board")
    parser.add_argument("--list", action="store_true", help="which toolkits are installed here")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Open a board, or hand the file to the window that shows it; returns the exit code."""
    asked = arguments(argv)
    if asked.list:
        for name in contenders.NAMES:
            print(f"{name:15} {contenders.missing(name) or 'installed'}")  # noqa: T201
        return 0
    try:
        wanted = contenders.FOUR if asked.toolkit == "auto" else (asked.toolkit,)
        name = next((one for one in wanted if not contenders.missing(one)), wanted[0])
        if reason := contenders.missing(name):
            raise NoDisplay(reason)
        if name != "headless" and sys.platform == "linux" and (reason := _no_screen(name)):
            raise NoDisplay(reason)
        asked.folder.mkdir(parents=True, exist_ok=True)
        return _open(name, asked)
    except (DesktopError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        wrong = EXIT_WRONG_USE if isinstance(error, UnknownTheme | UnknownToolkit) else EXIT_FAILED
        return EXIT_NO_DISPLAY if isinstance(error, NoDisplay) else wrong


def _no_screen(name: str) -> str:
    """Return why a window would not appear, or would abort this interpreter, on Linux."""
    screen = os.environ.get("DISPLAY", "")
    if os.environ.get("WAYLAND_DISPLAY"):
        return ""
    if not screen:
        return "DISPLAY is not set: start it in a desktop session, or with xvfb-run"
    return unreachable(screen) or (qt_problem() if name in ("qt", "pyqt6") else "")


def _open(name: str, asked: argparse.Namespace) -> int:
    inbox = [str(asked.file.resolve())] if asked.file else []
    instance = SingleInstance(asked.folder / "instance.json", inbox.extend)
    if not instance.claim(inbox):
        print("the board is open already, and was told which file to import")  # noqa: T201
        return 0
    interrupted = signal.getsignal(signal.SIGINT)
    try:
        board = Board(asked.folder, notify=native.notify)
        try:
            _show(name, board, asked.theme, inbox)
        finally:
            board.close()
    finally:
        signal.signal(signal.SIGINT, interrupted)
        instance.close()
    return 0


def _show(name: str, board: Board, theme: str, inbox: list[str]) -> None:
    if theme:
        board.set_theme(theme)
    try:
        view = contenders.load(name).open_view(board)
    except Exception as error:  # whatever a toolkit raises without a screen
        raise NoDisplay(f"{name} shows no window here: {error}") from error

    def look() -> None:
        if inbox and not board.busy.value:
            board.import_csv(Path(inbox.pop(0)))
        view.after(LOOK_MS, look)

    signal.signal(signal.SIGINT, lambda *_: view.close())  # Ctrl-C closes as the user does
    look()
    view.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
