"""cProfile: counts every call exactly, and slows down what makes many."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from typing import Any

from velvet_devtools.profiling import label

UNIT = "s"


def measure(work: Callable[[], Any]) -> tuple[dict[str, float], dict[str, int], dict[Any, float]]:
    """Run `work` and return seconds of each function itself, and its calls."""
    profile = cProfile.Profile()
    profile.runcall(work)
    own: dict[str, float] = {}
    calls: dict[str, int] = {}
    rows: Any = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _, function), (_, count, seconds, _, _) in rows.items():
        name = label(file, function)
        own[name] = own.get(name, 0.0) + seconds
        calls[name] = calls.get(name, 0) + count
    return own, calls, {}
