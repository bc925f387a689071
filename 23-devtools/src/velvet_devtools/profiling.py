"""Four profilers behind one call, and a comparison that says which function got slower.

A profile has two errors. It disturbs what it measures, by as much as each profiler's row says; and
one run is one draw, so that a comparison of two versions takes several runs of each and calls a
function slower for certain only when its slowest run of before beats its fastest of after.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import threading
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

# Asking more often gives no more: the interpreter hands over its lock every 5 ms.
INTERVAL_S = 0.005


class Profile(NamedTuple):
    """Where one run spent what, and how often each function was called, where that is counted.

    `own` has seconds of functions, what they call left out; bytes of lines for tracemalloc.
    """

    own: Mapping[str, float]
    calls: Mapping[str, int] | None = None


def exact(work: Callable[[], Any]) -> Profile:
    """Count every call with cProfile, which slows down what makes many."""
    profile = cProfile.Profile()
    profile.runcall(work)
    own: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    rows: Any = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _, function), (_, count, seconds, _, _) in rows.items():
        own[_label(file, function)] += seconds
        calls[_label(file, function)] += count
    return Profile(own, calls)


def tree(work: Callable[[], Any]) -> Profile:
    """Sample with pyinstrument, in C; ImportError where it is not installed."""
    from pyinstrument import Profiler

    profiler = Profiler(async_mode="disabled")
    with profiler:
        work()
    own: dict[str, float] = defaultdict(float)
    session: Any = profiler.last_session
    for frames, seconds in session.frame_records:
        function, file, *_ = frames[-1].split("\x01")[0].split("\x00")
        own[_label(file, function)] += seconds
    return Profile(own)


def sampler(work: Callable[[], Any]) -> Profile:
    """Look at this thread's frame from another one, two hundred times a second.

    It costs the same whatever the program does, because it acts by the clock and not by the call.
    The price is resolution: what is shorter than an interval is seen by chance.
    """
    own: dict[str, float] = defaultdict(float)
    ident = threading.get_ident()
    done = threading.Event()

    def sample() -> None:
        last = time.perf_counter()
        while not done.wait(INTERVAL_S):
            frame = sys._current_frames().get(ident)
            now = time.perf_counter()
            spent, last = now - last, now  # late samples weigh more
            if frame is not None:
                own[_label(frame.f_code.co_filename, frame.f_code.co_name)] += spent

    thread = threading.Thread(target=sample, name="sampler", daemon=True)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return Profile(own)


def memory(work: Callable[[], Any]) -> Profile:
    """Return the bytes that each line still holds when the work is done, by tracemalloc."""
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        result = work()
        after = tracemalloc.take_snapshot()
        del result
    finally:
        tracemalloc.stop()
    own: dict[str, float] = {}
    for one in after.compare_to(before, "lineno"):
        if one.size_diff > 0:
            place = one.traceback[0]
            own[f"{Path(place.filename).name}:{place.lineno}"] = float(one.size_diff)
    return Profile(own)


def _label(file: str, function: str) -> str:
    return f"{Path(file).name}:{function}"


PROFILERS: Mapping[str, Callable[[Callable[[], Any]], Profile]] = {
    "cprofile": exact,
    "pyinstrument": tree,
    "sampler": sampler,
    "tracemalloc": memory,
}


class Regression(NamedTuple):
    """A function's median share before and after, and whether the ranges of the runs part."""

    function: str
    before: float
    after: float
    certain: bool


def compare(before: Sequence[Profile], after: Sequence[Profile]) -> list[Regression]:
    """Return the functions that take more than before, the largest difference first."""
    if min(len(before), len(after)) < 2:
        raise ValueError("compare at least two runs of each version; one has no range")
    found = []
    for function in sorted({name for one in (*before, *after) for name in one.own}):
        old = [one.own.get(function, 0.0) for one in before]
        new = [one.own.get(function, 0.0) for one in after]
        if median(new) > median(old):
            found.append(Regression(function, median(old), median(new), min(new) > max(old)))
    return sorted(found, key=lambda one: one.before - one.after)
