"""cProfile: a callback in C at every call and return; the standard library's first answer."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from typing import Any

from velvet_performance.contenders import Watch
from velvet_performance.errors import ProfilerOutputError
from velvet_performance.profiles import Profile, Row
from velvet_performance.stacks import from_pstats

KIND, MEASURES, PACKAGE, SCALE = "call-trace", "wall", "", 1.0
VARIANTS, MAJORS = ("",), (3,)
FILE = "run.pstats"


def available() -> str:
    """It is always there."""
    return ""


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call."""
    profiler = cProfile.Profile()
    try:
        return profiler.runcall(call)
    finally:
        profiler.dump_stats(watch.folder / FILE)


def read(watch: Watch) -> Profile:
    """Return the profile of the file that `record` wrote."""
    return read_pstats(watch.folder / FILE, "cProfile")


def read_pstats(path: Path, tool: str) -> Profile:
    """Read a pstats file that this package wrote; marshal of unknown origin is not safe to load.

    Raises:
        ProfilerOutputError: it is cut off, empty or of another kind.
    """
    try:
        stats = pstats.Stats(str(path))
        table: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]
        rows = tuple(
            Row(name, own, total, calls, file, line)
            for (file, line, name), (_, calls, own, total, _) in table.items()
        )
        return Profile(rows, stacks=from_pstats(stats).under("profiled_region"))
    except (OSError, EOFError, TypeError, ValueError, AttributeError) as error:
        raise ProfilerOutputError(
            tool, "of the standard library", f"{path.name}: {error}"
        ) from None
