"""Programs whose hot spot is known, and two ways of knowing it without a profiler.

Each file of `samples/programs` is a slow program made of *parts*: functions that its `run` calls
by name. Replacing a part from outside therefore needs no change of the program: a timer around
each part measures its share, and a stub instead of it measures what the run costs without it.
The two estimates share no mechanism, so where they agree the truth is known, and a profiler that
says something else is wrong.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from types import ModuleType
from typing import Any

from velvet_performance.samples import programs as folder

NAMES = tuple(sorted(found.name for found in pkgutil.iter_modules(folder.__path__)))


@dataclass(frozen=True)
class SlowProgram:
    """A program with a known hot spot.

    Attributes:
        hot: the part that costs most, in what `measure` names: cpu, wall or bytes.
        where: where it hides: python, C, wait, thread, alloc or import.
        parts: the functions that together are the program.
        size: a size that takes some tenths of a second.
    """

    name: str
    module: ModuleType
    hot: str
    where: str
    measure: str
    parts: tuple[str, ...]
    size: int

    def build(self, size: int | None = None, seed: int = 7) -> Any:
        """Return the input of one run."""
        wanted = self.size if size is None else size
        if wanted < 1:
            raise ValueError(f"size is {wanted}: it must be at least 1")
        return self.module.build(wanted, seed)

    def run(self, given: Any) -> Any:
        """Run the program once."""
        return self.module.run(given)

    def functions(self) -> list[Callable[..., Any]]:
        """Return the parts themselves."""
        return [getattr(self.module, part) for part in self.parts]

    @contextlib.contextmanager
    def replaced(self, parts: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
        """Put other functions in the place of parts while the block runs."""
        before = {part: getattr(self.module, part) for part in parts}
        names = self.module.__dict__
        try:
            names.update(parts)
            yield
        finally:
            names.update(before)  # in one call, which no interrupt divides


@cache
def get(name: str) -> SlowProgram:
    """Return the program of that name.

    Raises:
        ValueError: no file is called so.
    """
    if name not in NAMES:
        raise ValueError(f"unknown program {name!r}: choose one of {', '.join(NAMES)}")
    module = importlib.import_module(f"{folder.__name__}.{name}")
    return SlowProgram(
        name,
        module,
        hot=module.HOT,
        where=module.WHERE,
        measure=module.MEASURE,
        parts=tuple(module.STUBS),
        size=module.SIZE,
    )


class Sections:
    """Timers around the parts of a program: a share of CPU time, or of wall time where it waits.

    CPU time is that of the thread that runs the part. A part that calls another part would be
    counted twice; the programs have none.
    """

    def __init__(self, program: SlowProgram) -> None:
        self.program = program
        self.ns: dict[str, int] = defaultdict(int)
        waits = program.measure == "wall"
        self._clock = time.perf_counter_ns if waits else time.thread_time_ns

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        clock, ns = self._clock, self.ns

        @wraps(function)
        def timed(*given: Any) -> Any:
            begun = clock()
            try:
                return function(*given)
            finally:
                ns[part] += clock() - begun

        return timed

    @contextlib.contextmanager
    def installed(self) -> Iterator[Sections]:
        """Time the parts while the block runs."""
        own = zip(self.program.parts, self.program.functions(), strict=True)
        with self.program.replaced({part: self._timed(part, fn) for part, fn in own}):
            yield self

    def shares(self) -> dict[str, float]:
        """Return each part's share of all parts."""
        total = sum(self.ns.values()) or 1
        return {part: self.ns[part] / total for part in self.program.parts}


@dataclass(frozen=True)
class Truth:
    """The share of each part by two independent ways, medians over rounds."""

    sections: dict[str, float]
    ablation: dict[str, float]

    def hottest(self) -> str:
        """Return the part with the largest share."""
        return max(self.sections, key=self.sections.__getitem__)


def truth(program: SlowProgram, size: int | None = None, rounds: int = 5) -> Truth:
    """Measure the share of each part without any profiler, by timers and by leaving it out.

    For a program that is measured in bytes both ways count what each part keeps, exactly.
    Rounds of all variants are interleaved, so that a slow phase of the machine hits all alike.
    """
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}: it must be at least 1")
    if program.measure == "bytes":
        kept = _kept(program, size)
        return Truth(kept, kept)
    clock = time.perf_counter_ns if program.measure == "wall" else time.process_time_ns
    timed: dict[str, list[float]] = defaultdict(list)
    without: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        given = program.build(size)
        with Sections(program).installed() as sections:
            program.run(given)
        for part, share in sections.shares().items():
            timed[part].append(share)
        costs = {}
        for part in ("", *program.parts):
            given = program.build(size)
            with program.replaced({part: program.module.STUBS[part]} if part else {}):
                begun = clock()
                program.run(given)
                costs[part] = clock() - begun
        saved = {part: max(0, costs[""] - costs[part]) for part in program.parts}
        whole = sum(saved.values()) or 1
        for part in program.parts:
            without[part].append(saved[part] / whole)
    return Truth(
        {part: statistics.median(shares) for part, shares in timed.items()},
        {part: statistics.median(shares) for part, shares in without.items()},
    )


def _kept(program: SlowProgram, size: int | None) -> dict[str, float]:
    from velvet_performance.memory import deep_size

    program.run(program.build(size))
    kept = {part: deep_size(held) for part, held in program.module.retained().items()}
    total = sum(kept.values()) or 1
    return {part: kept.get(part, 0) / total for part in program.parts}
