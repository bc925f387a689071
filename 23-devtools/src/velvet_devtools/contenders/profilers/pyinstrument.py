"""pyinstrument: a sampler in C with a readable tree of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyinstrument import Profiler

from velvet_devtools.profiling import label

UNIT = "s"


def measure(work: Callable[[], Any]) -> tuple[dict[str, float], dict[str, int], dict[Any, float]]:
    """Run `work` and return seconds of each function itself, and of each stack."""
    profiler = Profiler(async_mode="disabled")
    with profiler:
        work()
    own: dict[str, float] = {}
    stacks: dict[tuple[str, ...], float] = {}
    session: Any = profiler.last_session
    for frames, seconds in session.frame_records:
        stack = []
        for frame in frames:
            function, file, *_ = frame.split("\x01")[0].split("\x00")
            stack.append(label(file, function))
        own[stack[-1]] = own.get(stack[-1], 0.0) + seconds
        stacks[tuple(stack)] = stacks.get(tuple(stack), 0.0) + seconds
    return own, {}, stacks
