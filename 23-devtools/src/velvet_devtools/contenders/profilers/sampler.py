"""Our sampler: a thread that looks at another thread's stack a few hundred times a second.

It costs the same whatever the program does, because it acts by the clock and not by the call. The
price is resolution: what is shorter than an interval is seen by chance. The interpreter hands its
lock to the sampler only every 5 ms (`sys.getswitchinterval`), so asking more often gives no more.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from velvet_devtools.profiling import label

UNIT = "s"
INTERVAL_S = 0.005
MAX_DEPTH = 60


def measure(work: Callable[[], Any]) -> tuple[dict[str, float], dict[str, int], dict[Any, float]]:
    """Run `work` and return seconds of each function itself, and of each stack."""
    own: dict[str, float] = {}
    stacks: dict[tuple[str, ...], float] = {}
    ident = threading.get_ident()
    done = threading.Event()

    def sample() -> None:
        last = time.perf_counter()
        while not done.wait(INTERVAL_S):
            frame = sys._current_frames().get(ident)
            now = time.perf_counter()
            spent, last = now - last, now  # late samples weigh more
            stack: list[str] = []
            while frame is not None and len(stack) < MAX_DEPTH:
                stack.append(label(frame.f_code.co_filename, frame.f_code.co_name))
                frame = frame.f_back
            if stack:
                own[stack[0]] = own.get(stack[0], 0.0) + spent
                key = tuple(reversed(stack))
                stacks[key] = stacks.get(key, 0.0) + spent

    thread = threading.Thread(target=sample, name="sampler", daemon=True)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return own, {}, stacks
