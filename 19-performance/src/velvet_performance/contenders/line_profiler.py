"""line_profiler: a clock at every line of the functions it is pointed at, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from velvet_performance.contenders import Watch, missing
from velvet_performance.profiles import Profile, from_lines, lines_of

KIND, MEASURES, PACKAGE, SCALE = "line-trace", "wall", "line-profiler", 0.25
VARIANTS, MAJORS = ("",), (4, 5)
FILE = "run.json"


def available() -> str:
    """Look for the distribution."""
    return missing(PACKAGE)


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call, line by line in the parts of the program."""
    from line_profiler import LineProfiler

    profiler: Any = LineProfiler()
    for part in watch.parts:
        profiler.add_function(part)
    profiler.enable()
    try:
        return call()
    finally:
        profiler.disable()
        stats = profiler.get_stats()
        told = [
            [file, line, spent * stats.unit]
            for (file, _, _), rows in stats.timings.items()
            for line, _, spent in rows
        ]
        (watch.folder / FILE).write_text(json.dumps(told), encoding="utf-8")


def read(watch: Watch) -> Profile:
    """Return the profile of the file that `record` wrote."""
    told = json.loads((watch.folder / FILE).read_text(encoding="utf-8"))
    figures = {(file, line): seconds for file, line, seconds in told}
    return from_lines(figures, [lines_of(part) for part in watch.parts])
