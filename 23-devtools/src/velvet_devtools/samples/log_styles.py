"""Six ways to write a line, and what a call of each costs."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable

CALLS = 2_000
ORDER = {"items": list(range(12)), "name": "ada"}
stream = io.StringIO()
quiet = logging.getLogger("velvet_devtools.samples.quiet")
quiet.setLevel(logging.WARNING)
quiet.propagate = False
loud = logging.getLogger("velvet_devtools.samples.loud")
loud.setLevel(logging.DEBUG)
loud.propagate = False
loud.addHandler(logging.StreamHandler(stream))


def _print() -> None:
    print(f"order {ORDER} of {ORDER['name']}", file=stream)


def _lazy() -> None:
    quiet.debug("order %s of %s", ORDER, ORDER["name"])


def _fstring() -> None:
    quiet.debug(f"order {ORDER} of {ORDER['name']}")


def _guarded() -> None:
    if quiet.isEnabledFor(logging.DEBUG):
        quiet.debug("order %s of %s", ORDER, ORDER["name"])


def _nothing() -> None:
    return None


def _enabled() -> None:
    loud.debug("order %s of %s", ORDER, ORDER["name"])


STYLES: dict[str, Callable[[], None]] = {
    "nothing": _nothing,
    "disabled guarded": _guarded,
    "disabled lazy": _lazy,
    "disabled f-string": _fstring,
    "print": _print,
    "enabled lazy": _enabled,
}


def nanoseconds(style: Callable[[], None], calls: int = CALLS) -> float:
    """Return the least CPU time of a call, over five rounds."""
    best = float("inf")
    for _ in range(5):
        began = time.thread_time_ns()
        for _ in range(calls):
            style()
        best = min(best, (time.thread_time_ns() - began) / calls)
        stream.seek(0)
        stream.truncate()
    return best
