"""One second of work, of six kinds: what a thread cannot hide is decided by the kind.

Python switches threads between bytecodes. A loop is thousands of bytecodes; `sorted` of plain
numbers, one match of a regular expression and `json.dumps` are one each, and the window waits for
its end. `zlib` and `sleep` let go of the interpreter's lock.
"""

from __future__ import annotations

import json
import random
import re
import time
import zlib
from array import array
from collections.abc import Callable
from typing import Any

from velvet_desktop.core.jobs import Token

PIECES = 200  # of a loop, between which it tells its progress


def loop(token: Token, size: int) -> int:
    """Add numbers in plain Python; `size` is the number of additions."""
    total = 0
    piece = max(1, size // PIECES)
    for number in range(size):
        total += number & 7
        if number % piece == 0:
            if token.cancelled:
                break
            token.progress(number / size)
    return total


def sort(_: Token, size: int) -> int:
    """Sort `size` random numbers in one call."""
    numbers = array("I", random.Random(7).randbytes(int(size) * 4)).tolist()
    return int((sorted(numbers) or [0])[0])


def regex(_: Token, size: int) -> int:
    """Match one text of `size` letters against a pattern that tries every split of it in two."""
    found = re.match(r"a*a*b", "a" * size)
    return int(found is not None)


def dumps(_: Token, size: int) -> int:
    """Write `size` small dictionaries as JSON in one call."""
    rows = [{"id": number, "title": f"task {number}", "done": False} for number in range(size)]
    return len(json.dumps(rows))


def compress(_: Token, size: int) -> int:
    """Compress `size` bytes in one call, which lets go of the lock."""
    return len(zlib.compress(random.Random(7).randbytes(size // 16) * 16, 9))


def sleep(_: Token, size: int) -> int:
    """Wait `size` milliseconds, as for a server."""
    time.sleep(size / 1e3)
    return size


KINDS: dict[str, Callable[..., Any]] = {
    "loop": loop,
    "sort": sort,
    "regex": regex,
    "json": dumps,
    "zlib": compress,
    "sleep": sleep,
}


class Silent:
    """A token for measuring a kind of work alone."""

    cancelled = False

    def progress(self, value: Any) -> None:
        """Tell nothing."""


def sized(kind: str, seconds: float, start: int = 1_000) -> int:
    """Return the size with which a kind takes about so many seconds on this machine.

    Raises:
        ValueError: no such kind, no time, or no size to start with.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown work {kind!r}: choose one of {', '.join(KINDS)}")
    if not (seconds > 0 and start >= 1):
        raise ValueError(f"{seconds} s from size {start}: some time, and a size of at least 1")
    if kind == "sleep":
        return int(seconds * 1e3)
    size, spent, goal = start, 0.0, min(seconds, 0.1)
    while spent < goal:
        size = size * 2 if spent < goal / 4 else int(size * goal / spent * 1.1) + 1
        begun = time.process_time()
        KINDS[kind](Silent(), size)
        spent = time.process_time() - begun
    power = 2 if kind == "regex" else 1  # a text twice as long has four times the splits
    return int(size * (seconds / spent) ** (1 / power))
