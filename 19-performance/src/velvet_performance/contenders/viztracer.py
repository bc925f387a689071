"""VizTracer: an event for every call, on a time line; its buffer forgets the oldest events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from velvet_performance.contenders import Watch, missing
from velvet_performance.errors import ProfilerOutputError
from velvet_performance.profiles import Profile, from_stacks
from velvet_performance.stacks import Stacks

KIND, MEASURES, PACKAGE, SCALE = "call-trace", "wall", "viztracer", 0.1
VARIANTS, MAJORS = ("",), (1,)
FILE = "run.json"


def available() -> str:
    """Look for the distribution."""
    return missing(PACKAGE)


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call."""
    from viztracer import VizTracer  # type: ignore[import-untyped,unused-ignore]

    tracer = VizTracer(verbose=0, output_file=str(watch.folder / FILE))
    tracer.start()
    try:
        return call()
    finally:
        tracer.stop()
        tracer.save()


def read(watch: Watch) -> Profile:
    """Return the profile of the time line: what an event does not cover is its own time."""
    try:
        told = json.loads((watch.folder / FILE).read_text(encoding="utf-8"))
        lanes: dict[int, list[Any]] = {}
        for event in told["traceEvents"]:
            if event["ph"] == "X":
                lanes.setdefault(event["tid"], []).append(event)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProfilerOutputError("viztracer", "", repr(error)) from None
    weights: dict[tuple[str, ...], float] = {}
    for events in lanes.values():
        _nest(events, weights)
    inside = Stacks(weights).under("profiled_region", or_root="_bootstrap")
    return from_stacks(inside or Stacks(weights), unit="microseconds")


def _nest(events: list[Any], weights: dict[tuple[str, ...], float]) -> None:
    """Find each event's stack by its place in time: what began before and has not ended."""
    open_until: list[tuple[float, str]] = []
    for event in sorted(events, key=lambda one: (one["ts"], -one["dur"])):
        while open_until and event["ts"] >= open_until[-1][0]:
            open_until.pop()
        above = tuple(name for _, name in open_until)
        name = event["name"]
        path = (*above, name)
        weights[path] = weights.get(path, 0.0) + event["dur"]
        if above:
            weights[above] = weights.get(above, 0.0) - event["dur"]
        open_until.append((event["ts"] + event["dur"], name))
