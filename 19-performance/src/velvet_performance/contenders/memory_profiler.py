"""memory_profiler: asks the system for the process's memory at every line; unmaintained."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from velvet_performance.contenders import Watch, missing
from velvet_performance.profiles import Profile, from_lines, lines_of

KIND, MEASURES, PACKAGE, SCALE = "memory", "bytes", "memory-profiler", 0.0012
VARIANTS, MAJORS = ("",), (0,)
FILE = "run.json"
MIB = 1 << 20


def available() -> str:
    """Look for the distribution."""
    return missing(PACKAGE)


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call, line by line in the parts of the program."""
    import memory_profiler as tool  # type: ignore[import-untyped,unused-ignore]

    profiler = tool.LineProfiler(backend="psutil")
    for part in watch.parts:
        profiler.add_function(part)
    profiler.enable()
    try:
        return call()
    finally:
        profiler.disable()
        told = [
            [file, line, figures[0] * MIB]
            for file, lines in profiler.code_map.items()
            for line, figures in lines
            if figures and line
        ]
        (watch.folder / FILE).write_text(json.dumps(told), encoding="utf-8")


def read(watch: Watch) -> Profile:
    """Return the profile of the file that `record` wrote; what shrank counts as nothing."""
    told = json.loads((watch.folder / FILE).read_text(encoding="utf-8"))
    figures = {(file, line): max(0.0, grown) for file, line, grown in told}
    return from_lines(figures, [lines_of(part) for part in watch.parts], unit="bytes")
