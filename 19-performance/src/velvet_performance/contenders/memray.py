"""memray: hooks the allocator itself and writes every allocation to a file; Linux and macOS."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from velvet_performance.contenders import Watch, missing
from velvet_performance.profiles import Profile, from_stacks
from velvet_performance.stacks import Stacks

KIND, MEASURES, PACKAGE, SCALE = "memory", "bytes", "memray", 0.15
VARIANTS, MAJORS = ("",), (1,)
FILE = "run.bin"


def available() -> str:
    """Look for the distribution; there is none for Windows."""
    return "memray does not exist for Windows" if sys.platform == "win32" else missing(PACKAGE)


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call, down to each object: pymalloc's blocks, not only its arenas."""
    import memray

    with memray.Tracker(watch.folder / FILE, trace_python_allocators=True):
        return call()


def read(watch: Watch) -> Profile:
    """Return what was not freed before the end, by stack, in bytes."""
    import memray

    weights: dict[tuple[str, ...], float] = {}
    with memray.FileReader(watch.folder / FILE) as reader:
        for record in reader.get_leaked_allocation_records(merge_threads=True):
            frames = tuple(name for name, _, _ in reversed(record.stack_trace()))
            if frames:
                weights[frames] = weights.get(frames, 0.0) + record.size
    return from_stacks(Stacks(weights).under("profiled_region", or_root="_bootstrap"), unit="bytes")
