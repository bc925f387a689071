"""tracemalloc: which line holds memory that was not held before; the dearest of all to run."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

UNIT = "bytes"


def measure(work: Callable[[], Any]) -> tuple[dict[str, float], dict[str, int], dict[Any, float]]:
    """Run `work` and return the bytes that each line still holds when it is done."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        result = work()
        after = tracemalloc.take_snapshot()
        del result
    finally:
        if not running:
            tracemalloc.stop()
    own: dict[str, float] = {}
    for one in after.compare_to(before, "lineno"):
        if one.size_diff > 0:
            place = one.traceback[0]
            own[f"{Path(place.filename).name}:{place.lineno}"] = float(one.size_diff)
    return own, {}, {}
