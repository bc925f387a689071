"""tracemalloc: remembers where every living block of memory was allocated, with its stack."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

from velvet_performance.contenders import Watch
from velvet_performance.profiles import Profile, from_stacks, lines_of
from velvet_performance.stacks import Stacks, dump_collapsed, parse_collapsed

KIND, MEASURES, PACKAGE, SCALE = "memory", "bytes", "", 0.1
VARIANTS, MAJORS = ("",), (3,)
DEPTH, FILE = 8, "run.collapsed"


def available() -> str:
    """It is always there."""
    return ""


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call, and write the stacks of what is still alive, in bytes."""
    tracemalloc.start(DEPTH)
    try:
        result = call()
        statistics = tracemalloc.take_snapshot().statistics("traceback")
    finally:
        tracemalloc.stop()
    places = [lines_of(part) for part in watch.parts]
    weights: dict[tuple[str, ...], float] = {}
    for one in statistics:
        frames = []
        for frame in one.traceback:  # the outermost call first
            named = [
                place.function
                for place in places
                if place.file == frame.filename and place.first <= frame.lineno <= place.last
            ]
            frames.append(named[0] if named else f"{frame.filename}:{frame.lineno}")
        path = tuple(frames)
        weights[path] = weights.get(path, 0.0) + one.size
    (watch.folder / FILE).write_text(dump_collapsed(Stacks(weights)), encoding="utf-8")
    return result


def read(watch: Watch) -> Profile:
    """Return the profile of the file that `record` wrote."""
    text = (watch.folder / FILE).read_text(encoding="utf-8")
    return from_stacks(parse_collapsed(text), unit="bytes")
