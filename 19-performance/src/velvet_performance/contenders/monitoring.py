"""sys.monitoring by hand: the interface of 3.12 that lets a tool pay only for what it watches.

`all` times every Python function, as a tracer does. `parts` switches events on for the code
objects of the parts alone, and calls inside them cost nothing: the same clock, another truth.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from types import CodeType
from typing import Any

from velvet_performance.contenders import Watch
from velvet_performance.profiles import Profile, Row

KIND, MEASURES, PACKAGE, SCALE = "call-trace", "cpu", "", 0.25
VARIANTS, MAJORS = ("all", "parts"), (3,)
FILE = "run.json"


def available() -> str:
    """It came with Python 3.12."""
    return "" if sys.version_info >= (3, 12) else "sys.monitoring needs Python 3.12"


class CallTimer:
    """Own time, total time and calls by code object, in nanoseconds of the thread's CPU."""

    def __init__(self) -> None:
        self.own: dict[CodeType, int] = defaultdict(int)
        self.total: dict[CodeType, int] = defaultdict(int)
        self.calls: dict[CodeType, int] = defaultdict(int)
        self._thread = threading.local()

    def entered(self, code: CodeType, _offset: int) -> None:
        """A function starts or a generator goes on."""
        stack = self._thread.__dict__.setdefault("stack", [])
        stack.append([code, time.thread_time_ns(), 0])
        self.calls[code] += 1

    def left(self, code: CodeType, _offset: int, _value: Any) -> None:
        """A function returns, raises or yields."""
        now = time.thread_time_ns()
        stack = self._thread.__dict__.get("stack")
        if not stack or stack[-1][0] is not code:  # entered before the tool was on
            return
        _, begun, inner = stack.pop()
        spent = now - begun
        self.own[code] += spent - inner
        if all(entry[0] is not code for entry in stack):
            self.total[code] += spent
        if stack:
            stack[-1][2] += spent


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call."""
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    events, tool, timer = monitoring.events, monitoring.PROFILER_ID, CallTimer()
    monitoring.use_tool_id(tool, "velvet")
    entering = (events.PY_START, events.PY_RESUME)
    leaving = (events.PY_RETURN, events.PY_YIELD)
    for event in entering:
        monitoring.register_callback(tool, event, timer.entered)
    for event in (*leaving, events.PY_UNWIND):
        monitoring.register_callback(tool, event, timer.left)
    local = sum((*entering, *leaving))
    try:
        if watch.variant == "parts":
            for part in watch.parts:
                monitoring.set_local_events(tool, part.__code__, local)
        else:
            monitoring.set_events(tool, local | events.PY_UNWIND)
        return call()
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
        told = [
            [c.co_name, timer.own[c], total, timer.calls[c], c.co_filename, c.co_firstlineno]
            for c, total in timer.total.items()
        ]
        (watch.folder / FILE).write_text(json.dumps(told), encoding="utf-8")


def read(watch: Watch) -> Profile:
    """Return the profile of the file that `record` wrote."""
    told = json.loads((watch.folder / FILE).read_text(encoding="utf-8"))
    rows = (Row(name, own / 1e9, total / 1e9, *rest) for name, own, total, *rest in told)
    return Profile(tuple(rows))
