"""One bar over an empty loop on a real terminal or a pipe: what an item costs, and what is written.

The loop runs in a child whose standard error is the terminal or the pipe, because a bar asks its
stream what it is, and because whoever reads the other end must not share the loop's interpreter.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import TextIO

from velvet_cli.color import strip_ansi
from velvet_cli.progress.choice import BARS
from velvet_cli.terminal import watch

BARE = "bare"


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
    if items < 1:
        raise ValueError(f"items must be 1 or more, not {items}")
    ended = watch(
        [sys.executable, "-m", "velvet_cli.progress.lap"],
        place,
        stream="stderr",
        stdin=json.dumps([bar, items]).encode(),
        # Over whatever the caller's terminal is: bars look at these.
        env={**env, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
    )
    text = strip_ansi(ended.seen.decode("utf-8", "replace"))
    lines = [line.rstrip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    last = lines[-1] if lines else ""
    if ended.code != 0:
        raise RuntimeError(f"the lap of {bar} ended with {ended.code}: {last[:200]}")
    cpu_s, wall_s = json.loads(ended.answer)
    return Lap(
        bar,
        place,
        items,
        cpu_s / items * 1e9,
        wall_s / items * 1e9,
        len(ended.seen),
        last,
    )


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
