"""A progress bar around an empty loop, so that only the bar is left: what an item costs, what is written.

The loop runs in a child whose standard error is a real terminal or a pipe, because a bar asks its
stream what it is, and because whoever reads the other end must not share the loop's interpreter.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from velvet.bench import Metric, Outcome, Suite, across, ratio
from velvet_cli.color import strip_ansi
from velvet_cli.comparisons.bars import BARS
from velvet_cli.comparisons.running import PLACES, run_on_pty

BARE = "bare"
# The standard library opens no pseudo-terminal on Windows.
HERE = PLACES[1:] if sys.platform == "win32" else PLACES
ITEMS = 50_000


class Lap(NamedTuple):
    """What was measured.

    Attributes:
        cpu_ns: processor time an item, of every thread and of the kernel's part.
        wall_ns: elapsed time an item.
        written: bytes that arrived at the other end.
        shown: the last line that a reader of it would see.
    """

    cpu_ns: float
    wall_ns: float
    written: int
    shown: str


def lap(bar: str, place: str, items: int, *, env: Mapping[str, str]) -> Lap:
    """Run an empty loop of so many items under a bar, in a child process.

    `bar`: a name of `BARS`, or ``bare`` for the loop alone; `place`: ``pty`` (POSIX only) or
    ``pipe``; `env`: the child's environment, with the terminal's kind and size laid over it. Raises
    ValueError: the bar or the place is unknown, or there are no items; OSError: this system has no
    pseudo-terminals; RuntimeError: the child failed; its last line is in the message.
    """
    if bar != BARE and bar not in BARS:
        raise ValueError(f"no bar {bar!r}; known are {BARE}, {', '.join(BARS)}")
    if items < 1:
        raise ValueError(f"items must be 1 or more, not {items}")
    ended = run_on_pty(
        [sys.executable, "-m", "velvet_cli.comparisons.progress"],
        place=place,
        streams=["stderr"],
        stdin=json.dumps([bar, items]),
        # Over whatever the caller's terminal is: bars look at these.
        env={**env, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        folder=Path.cwd(),
    )
    text = strip_ansi(ended.tty.decode("utf-8", "replace")).replace("\r", "\n")
    last = ["", *(line.rstrip() for line in text.split("\n") if line.strip())][-1]
    if ended.exit != 0:
        raise RuntimeError(f"the lap of {bar} ended with {ended.exit}: {last[:200]}")
    cpu_s, wall_s = json.loads(ended.out)
    return Lap(cpu_s / items * 1e9, wall_s / items * 1e9, len(ended.tty), last)


def loop(bar: str, items: int, stream: TextIO) -> tuple[float, float]:
    """Return processor and elapsed seconds of an empty loop under a bar, in this process."""
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


def add_to(suite: Suite) -> None:
    """Declare the comparison of progress bars."""
    bars = suite.comparison(
        "progress",
        title=f"An empty loop of {ITEMS:,} items under a bar: CPU time an item",
        kind="run",
        unit="ns",
        items=ITEMS,
        sizes={"place": list(PLACES)},
        metrics={"wall_ns": Metric("ns"), "written": Metric("B")},
        rounds={"quick": 2, "default": 7, "full": 15},
    )
    for name in ("bare", "throttled", "rich", "tqdm", "naive", "click"):
        bars.add(name, _measured(name), baseline=name == "tqdm", when=lambda place: place in HERE)
    note = "with update_min_steps=1000"
    bars.add(
        "click_1000", _measured("click_1000"), when=lambda place: place in HERE[:-1], note=note
    )
    terminal: dict[str, Any] = {"place": "pty"}

    def dearer(a: str, b: str) -> Any:
        return ratio("progress", a, b, "time", **terminal)

    claims = {
        "our throttled bar costs less than tqdm's": dearer("tqdm", "throttled") >= 1.25,
        "a bar that draws at every item costs five times tqdm's": dearer("naive", "tqdm") >= 5,
        "on a terminal Click's bar costs ten times tqdm's": dearer("click", "tqdm") >= 10,
        "Click's bar costs ten times more on a terminal than on a pipe": across(
            "progress", "click", "time", first=terminal, second={"place": "pipe"}
        )
        >= 10,
        "update_min_steps=1000 makes Click's bar ten times cheaper": dearer("click", "click_1000")
        >= 10,
    }
    for text, claim in claims.items():
        suite.claim(text, claim, needs="posix")


def _measured(bar: str) -> Callable[[str], Callable[[], Outcome]]:
    def setup(place: str) -> Callable[[], Outcome]:
        def run() -> Outcome:
            found = lap(bar, place, ITEMS, env=os.environ)
            figures = {"wall_ns": found.wall_ns, "written": float(found.written)}
            return Outcome(figures, seconds=found.cpu_ns * ITEMS / 1e9)

        return run

    return setup


def _main() -> None:
    bar, items = json.load(sys.stdin)
    # Not a print: the answer of this child to its parent.
    sys.stdout.write(json.dumps(loop(bar, items, sys.stderr)))


if __name__ == "__main__":
    _main()
