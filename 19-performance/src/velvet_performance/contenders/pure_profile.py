"""profile: cProfile's ancestor in Python, whose callback costs more than the calls it watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from velvet_performance.contenders import Watch
from velvet_performance.contenders.cprofile import read_pstats
from velvet_performance.profiles import Profile

KIND, MEASURES, PACKAGE, SCALE = "call-trace", "cpu", "", 0.08
VARIANTS, MAJORS = ("",), (3,)
FILE = "run.pstats"


def available() -> str:
    """It is always there."""
    return ""


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call."""
    import profile  # kept out of every other profiler's child

    profiler = profile.Profile()
    try:
        return profiler.runcall(call)
    finally:
        profiler.dump_stats(str(watch.folder / FILE))


def read(watch: Watch) -> Profile:
    """Return the profile of the file that `record` wrote."""
    return read_pstats(watch.folder / FILE, "profile")
