"""The board as a command: `python -m velvet_desktop` opens it, with the first toolkit that is here."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from velvet_desktop import contenders
from velvet_desktop.core.settings import SingleInstance
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.errors import DesktopError, NoDisplay

EXIT_NO_DISPLAY = 3
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
        screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        if name != "headless" and sys.platform == "linux" and not screen:
            raise NoDisplay("DISPLAY is not set: start it in a desktop session, or with xvfb-run")
        asked.folder.mkdir(parents=True, exist_ok=True)
        return _open(name, asked)
    except (DesktopError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return EXIT_NO_DISPLAY


def _open(name: str, asked: argparse.Namespace) -> int:
    inbox = [str(asked.file.resolve())] if asked.file else []
    instance = SingleInstance(asked.folder / "instance.json", inbox.extend)
    if not instance.claim(inbox):
        print("the board is open already, and was told which file to import")  # noqa: T201
        return 0
    interrupted = signal.getsignal(signal.SIGINT)
    try:
        board = Board(asked.folder)
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
    view = contenders.load(name).open_view(board)

    def look() -> None:
        if inbox and not board.busy.value:
            board.import_csv(Path(inbox.pop(0)))
        view.after(LOOK_MS, look)

    signal.signal(signal.SIGINT, lambda *_: view.close())  # Ctrl-C closes as the user does
    look()
    view.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
