"""The board as a command: `python -m velvet_desktop` opens it, with the first toolkit that is here."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from velvet_desktop import contenders
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.errors import DesktopError, NoDisplay

EXIT_NO_DISPLAY = 3


def arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m velvet_desktop", description=__doc__)
    parser.add_argument("--toolkit", default="auto", help=f"auto, {', '.join(contenders.NAMES)}")
    parser.add_argument("--theme", default="", help="light, dark or high_contrast")
    parser.add_argument("--folder", type=Path, default=Path.home() / ".velvet-board")
    parser.add_argument("--list", action="store_true", help="which toolkits are installed here")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Open a board; returns the exit code."""
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
    except DesktopError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return EXIT_NO_DISPLAY


def _open(name: str, asked: argparse.Namespace) -> int:
    board = Board(asked.folder)
    try:
        if asked.theme:
            board.set_theme(asked.theme)
        view = contenders.load(name).open_view(board)
        view.run()
    finally:
        board.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
