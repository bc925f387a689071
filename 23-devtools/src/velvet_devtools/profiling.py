"""One interface to profilers: what was measured, what it cost, and which function got slower.

A profile has two errors. It disturbs what it measures, by as much as each profiler's row says; and
one run is one draw, so that a comparison of two versions takes several runs of each and calls a
function slower only when its slowest run of before beats its fastest of after.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from velvet_devtools.contenders import load, names


@dataclass(frozen=True)
class Profile:
    """Where one run spent what.

    Attributes:
        unit: ``s`` or ``bytes``.
        own: function -> its share in the unit, what it calls left out.
        calls: function -> how often it was called; empty where the profiler cannot know.
        stacks: (functions from the outside in) -> weight, from samplers.
    """

    profiler: str
    unit: str
    seconds: float
    own: Mapping[str, float]
    calls: Mapping[str, int] = field(default_factory=dict)
    stacks: Mapping[tuple[str, ...], float] = field(default_factory=dict)

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """Return the functions with most of it, the largest first."""
        return sorted(self.own.items(), key=lambda one: (-one[1], one[0]))[:count]

    def to_speedscope(self) -> str:
        """Return the stacks in speedscope's file format, as a sampled profile."""
        place: dict[str, int] = {}
        for stack in self.stacks:
            for name in stack:
                place.setdefault(name, len(place))
        weights = list(self.stacks.values())
        profile = {
            "type": "sampled", "name": self.profiler, "unit": "seconds", "startValue": 0,
            "endValue": sum(weights), "weights": weights,
            "samples": [[place[name] for name in stack] for stack in self.stacks],
        }  # fmt: skip
        return json.dumps(
            {
                "$schema": "https://www.speedscope.app/file-format-schema.json",
                "shared": {"frames": [{"name": name} for name in place]},
                "profiles": [profile],
            }
        )


@dataclass(frozen=True)
class Regression:
    """A function's median share before and after, and whether the ranges of the runs part."""

    function: str
    before: float
    after: float
    certain: bool


def profilers() -> tuple[str, ...]:
    """Return the names of all profilers."""
    return names("profilers")


def run(name: str, work: Callable[[], Any]) -> Profile:
    """Run a function under a profiler; ImportError where its library is not installed."""
    profiler: Any = load("profilers", name)
    began = time.perf_counter()
    own, calls, stacks = profiler.measure(work)
    return Profile(name, profiler.UNIT, time.perf_counter() - began, own, calls, stacks)


def compare(before: Sequence[Profile], after: Sequence[Profile]) -> list[Regression]:
    """Return the functions that take more than before, the largest difference first.

    Raises:
        ValueError: fewer than two runs on a side, because one run has no range.
    """
    if min(len(before), len(after)) < 2:
        raise ValueError("compare at least two runs of each version; one has no range")
    found = []
    for function in sorted({name for one in (*before, *after) for name in one.own}):
        old = [one.own.get(function, 0.0) for one in before]
        new = [one.own.get(function, 0.0) for one in after]
        if median(new) > median(old):
            found.append(Regression(function, median(old), median(new), min(new) > max(old)))
    return sorted(found, key=lambda one: one.before - one.after)


def label(file: str, function: str) -> str:
    """Return ``file.py:function``, short enough for an axis."""
    return f"{Path(file).name}:{function}"
