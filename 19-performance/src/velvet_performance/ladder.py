"""A ladder of optimisations: each rung proves the same output, its gain, and what was predicted.

Before a rung is built the profile says which share it can remove, and Amdahl's law turns that
share into a prediction. Afterwards the rung is measured against the one below in interleaved
pairs. A rung whose interval contains 1.0 has no effect, and stays in the table: a ladder in which
everything helps is not believed.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from velvet_performance import programs, service
from velvet_performance.errors import OutputChanged
from velvet_performance.samples import access_steps
from velvet_performance.samples.programs import access_log
from velvet_performance.scaling import amdahl


@dataclass(frozen=True)
class Step:
    """One way to compute the answer.

    Attributes:
        why: what the profile of the step before said.
        technique: algorithm, container, cache, batch, compile and the like.
        prepare: input of one run from a size and a seed.
        call: the run itself.
    """

    name: str
    why: str
    technique: str
    prepare: Callable[[int, int], Any]
    call: Callable[[Any], Any]


@dataclass(frozen=True)
class Rung:
    """A step measured: seconds of CPU, and gains with their intervals.

    Attributes:
        step_gain: over the step below, with lo and hi from pairs; 1.0 for the first.
        predicted: what Amdahl's law says from the share measured before the step; 0.0 unknown.
    """

    step: Step
    seconds: float
    step_gain: float = 1.0
    lo: float = 1.0
    hi: float = 1.0
    total_gain: float = 1.0
    predicted: float = 0.0

    @property
    def helps(self) -> bool:
        """Whether the interval of its gain is clear of 1."""
        return self.lo > 1.0

    @property
    def verdict(self) -> str:
        """What to say about it."""
        if self.total_gain == 1.0 and self.step_gain == 1.0:
            return "the start"
        return "helps" if self.helps else "slower" if self.hi < 1.0 else "no effect"


class Ladder:
    """Steps from the slow program to the fast one.

    Attributes:
        name: a key of `LADDERS`.
        size: the default size.
    """

    def __init__(self, name: str, steps: Sequence[Step], size: int) -> None:
        self.name, self.steps, self.size = name, tuple(steps), size

    def step(self, name: str) -> Step:
        """Return a step by name."""
        for one in self.steps:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.steps)
        raise ValueError(f"{self.name} has no step {name!r}: choose one of {known}")

    def verify(self, size: int = 50, seed: int = 7) -> Any:
        """Return the answer that all steps give.

        Raises:
            OutputChanged: one gives another, with the first difference.
        """
        first, *rest = self.steps
        expected = first.call(first.prepare(size, seed))
        for step in rest:
            found = step.call(step.prepare(size, seed))
            if found != expected or type(found) is not type(expected):
                raise OutputChanged(step.name, difference(expected, found))
        return expected

    def measure(self, size: int | None = None, *, pairs: int = 7, seed: int = 7) -> list[Rung]:
        """Measure every step against the one below it; output is verified first.

        Args:
            pairs: rounds; in each, every step runs once, in turn.
        """
        size = size or self.size
        self.verify(min(size, 200), seed)
        times: dict[str, list[float]] = {step.name: [] for step in self.steps}
        for _ in range(pairs):
            for step in self.steps:
                times[step.name].append(seconds_of(step, size, seed))
        rungs: list[Rung] = []
        for below, step in zip((None, *self.steps), self.steps, strict=False):
            mine = times[step.name]
            if below is None:
                rungs.append(Rung(step, statistics.median(mine)))
                continue
            gains = [a / b for a, b in zip(times[below.name], mine, strict=True)]
            whole = [a / b for a, b in zip(times[self.steps[0].name], mine, strict=True)]
            lo, hi = interval(gains)
            predicted = self.predict(step, size, statistics.median(times[below.name]))
            seconds, gain, total = map(statistics.median, (mine, gains, whole))
            rungs.append(Rung(step, seconds, gain, lo, hi, total, predicted))
        return rungs

    def predict(self, step: Step, size: int, seconds: float) -> float:
        """Return Amdahl's prediction for a step, from the part that it replaces.

        For the access log the part is timed alone in its old and its new form; for the service
        timers around the parts of the stage below give the share, and the prediction is the
        ceiling, as if the part went away. 0.0 where a step replaces everything.
        """
        if self.name == "service":
            stage = next(one for one in service.commits() if one.name == step.name)
            program = service.as_program(stage.number - 1, size)
            given = program.build(size)
            with programs.Sections(program).installed() as sections:
                program.run(given)
            return amdahl(min(1.0, sections.ns[stage.touches] / 1e9 / seconds), math.inf)
        if self.name != "access_log":
            return 0.0
        old, new = access_steps.costs(step.name, step.prepare(size, 7))
        share = min(1.0, old / seconds)
        return amdahl(share, old / new if new else math.inf)


def seconds_of(step: Step, size: int, seed: int = 7) -> float:
    """Return the CPU seconds of one run, input and garbage of before not counted."""
    given = step.prepare(size, seed)
    gc.collect()
    begun = time.process_time()
    step.call(given)
    return max(time.process_time() - begun, 1e-9)


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Return a distribution-free interval of the median: the order statistics around it.

    From six pairs on the smallest and the largest hold it with 97 % or more; with more pairs the
    bounds move inwards.
    """
    ranked = sorted(ratios)
    n = len(ranked)
    if not ranked or any(one != one for one in ranked):
        raise ValueError(f"an interval needs one ratio or more, and no NaN, not {ranked}")
    if n < 6:
        return ranked[0], ranked[-1]
    skip = max(0, math.floor(n / 2 - 0.98 * math.sqrt(n)) - 1)
    return ranked[skip], ranked[n - 1 - skip]


def difference(expected: Any, found: Any, place: str = "the answer") -> str:
    """Return the first difference of two answers, with its place."""
    if type(expected) is not type(found):
        return f"{place} is a {type(found).__name__}, expected a {type(expected).__name__}"
    if isinstance(expected, dict):
        for key in expected:
            if key not in found:
                return f"{place}[{key!r}] is missing"
            if expected[key] != found[key]:
                return difference(expected[key], found[key], f"{place}[{key!r}]")
        return f"{place} has {len(found) - len(expected)} keys too many"
    if isinstance(expected, list | tuple):
        for number, (one, other) in enumerate(zip(expected, found, strict=False)):
            if one != other:
                return difference(one, other, f"{place}[{number}]")
        return f"{place} has {len(found)} items, expected {len(expected)}"
    return f"{place} is {found!r:.80}, expected {expected!r:.80}"


def _access_log() -> Ladder:
    build = access_log.build
    steps = [Step("naive", "written for ten lines", "", build, access_log.run)]
    steps += [
        Step(name, why, technique, build, getattr(access_steps, name))
        for name, why, technique in (
            ("bisect_networks", "network_of: sixty blocks are parsed a line", "algorithm"),
            ("set_of_addresses", "is_new: a list is searched", "container"),
            ("slice_the_hour", "hour_of: a parser for two digits", "less work"),
            ("no_copy", "keep_apart: a copy that nothing changes", "less work"),
            ("unpacked", "parse: a record of six fields for three", "less work"),
        )
    ]
    return Ladder("access_log", steps, 5_000)


def _service() -> Ladder:
    def build(stage: int) -> Callable[[int, int], Any]:
        return lambda size, seed: service.as_program(stage).build(size, seed)

    steps = [Step("first day", "", "", build(0), service.as_program(0).run)]
    steps += [
        Step(one.name, one.touches, "commit", build(one.number), service.as_program(one.number).run)
        for one in service.commits()
    ]
    return Ladder("service", steps, 120)


LADDERS: dict[str, Callable[[], Ladder]] = {
    "access_log": _access_log,
    "service": _service,
}


def get(name: str) -> Ladder:
    """Return a ladder.

    Raises:
        ValueError: no ladder is called so.
    """
    if name not in LADDERS:
        raise ValueError(f"unknown ladder {name!r}: choose one of {', '.join(LADDERS)}")
    return LADDERS[name]()
