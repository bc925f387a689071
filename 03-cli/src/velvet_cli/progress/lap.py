"""One bar over an empty loop on a real terminal or a pipe: what an item costs, and what is written.

The loop runs in a child whose standard error is the terminal or the pipe, because a bar asks its
stream what it is, and because whoever reads the other end must not share the loop's interpreter.
"""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from typing import TextIO

from velvet_cli.progress.choice import BARS

BARE = "bare"
PLACES = ("pty", "pipe")
_LIMIT_S = 60.0
_CHUNK = 65536


@dataclass(frozen=True)
class Lap:
    """What was measured.

    Attributes:
        cpu_ns: processor time an item, of every thread and of the kernel's part.
        wall_ns: elapsed time an item.
        written: bytes that arrived at the other end.
        shown: the last line that a reader of it would see.
    """

    bar: str
    place: str
    items: int
    cpu_ns: float
    wall_ns: float
    written: int
    shown: str


def lap(bar: str, place: str, items: int, *, env: Mapping[str, str]) -> Lap:
    """Run an empty loop of so many items under a bar, in a child process.

    Args:
        bar: a name of `BARS`, or ``bare`` for the loop alone.
        place: ``pty`` (POSIX only) or ``pipe``.
        items: turns of the loop, one or more.
        env: the child's environment, with the terminal's kind and size laid over it.

    Raises:
        ValueError: the bar or the place is unknown, or there are no items.
        OSError: this system has no pseudo-terminals.
        RuntimeError: the child failed; its last line is in the message.
    """
    if bar != BARE and bar not in BARS:
        raise ValueError(f"no bar {bar!r}; known are {BARE}, {', '.join(BARS)}")
    if place not in PLACES:
        raise ValueError(f"place must be one of {', '.join(PLACES)}, not {place!r}")
    if items < 1:
        raise ValueError(f"items must be 1 or more, not {items}")
    ours, theirs = _ends(place)
    read: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(ours, read))
    child = None
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "velvet_cli.progress.lap"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**env, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        )
        os.close(theirs)
        theirs = -1
        reader.start()
        said, _ = child.communicate(json.dumps([bar, items]).encode(), timeout=_LIMIT_S)
    finally:
        if child is not None and child.poll() is None:
            child.kill()
            child.communicate()
        if theirs >= 0:
            os.close(theirs)
        if reader.ident is not None:
            reader.join(_LIMIT_S)
        os.close(ours)
    text = b"".join(read)
    lines = text.decode("utf-8", "replace").replace("\r", "\n").strip().split("\n")
    if child.returncode != 0:
        raise RuntimeError(f"the lap of {bar} ended with {child.returncode}: {lines[-1][:200]}")
    cpu_s, wall_s = json.loads(said)
    return Lap(
        bar, place, items, cpu_s / items * 1e9, wall_s / items * 1e9, len(text), lines[-1].rstrip()
    )


def _ends(place: str) -> tuple[int, int]:
    if place == "pipe":
        return os.pipe()
    try:
        import fcntl
        import pty
        import termios
    except ImportError:
        raise OSError("no pseudo-terminals on this system: use a pipe") from None
    ours, theirs = pty.openpty()
    # A terminal of no size makes bars draw nothing: it gets 24 rows of 80.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return ours, theirs


def _drain(descriptor: int, into: list[bytes]) -> None:
    # Linux says EIO when the other end of a pseudo-terminal is closed, others give nothing.
    with suppress(OSError):
        while chunk := os.read(descriptor, _CHUNK):
            into.append(chunk)


def _loop(bar: str, items: int, stream: TextIO) -> tuple[float, float]:
    """Return processor and elapsed seconds of an empty loop under a bar."""
    source = repeat(None, items)
    if bar != BARE:
        # Once before the clock: imports, and what a library builds at its first use.
        for _ in BARS[bar](io.StringIO()).wrap(range(2), 2, "warm"):
            pass
    wrapped = source if bar == BARE else BARS[bar](stream).wrap(source, items, "loop")
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in wrapped:
        pass
    return time.process_time() - cpu, time.perf_counter() - wall


def _main() -> None:
    bar, items = json.load(sys.stdin)
    # Not a print: the answer of this child to its parent.
    sys.stdout.write(json.dumps(_loop(bar, items, sys.stderr)))


if __name__ == "__main__":
    _main()
