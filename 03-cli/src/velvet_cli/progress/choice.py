"""Which progress to show: a bar for people, lines for a log, nothing for a script."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TextIO

from velvet_cli.color import is_terminal
from velvet_cli.progress.bars import ClickBar, Naive, Null, Progress, RichBar, Tqdm
from velvet_cli.progress.throttled import Throttled

CLICK_STEPS = 1000
# Every bar by name; each takes the stream that it draws on.
BARS: Mapping[str, Callable[[TextIO], Progress]] = {
    "null": lambda _: Null(),
    "throttled": Throttled,
    "tqdm": Tqdm,
    "rich": RichBar,
    "click": ClickBar,
    "click_1000": partial(ClickBar, min_steps=CLICK_STEPS),
    "naive": Naive,
}
_FALSE = ("", "0", "false")


def pick(env: Mapping[str, str], stream: TextIO, *, quiet: bool = False) -> Progress:
    """Choose how to show progress on a stream.

    Nothing when the user asked for quiet; a bar on a terminal that can draw over a line; lines
    on a dumb terminal and in a log of continuous integration (`CI` is set); otherwise nothing,
    because what reads a pipe is a program.

    Args:
        env: `TERM`, `CI` and `COLUMNS` are looked at.
    """
    if quiet:
        return Null()
    if is_terminal(stream):
        return Throttled(stream, interactive=env.get("TERM") != "dumb", width=_width(env, stream))
    if env.get("CI", "").lower() not in _FALSE:
        return Throttled(stream, interactive=False)
    return Null()


def _width(env: Mapping[str, str], stream: TextIO) -> int:
    columns = env.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    try:
        # A terminal that was never told its size says zero.
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
