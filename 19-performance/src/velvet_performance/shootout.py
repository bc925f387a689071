"""The shoot-out: each profiler against programs whose hot spot is known, scored on three counts.

*Found*: is the hot part the first among the parts? *Overhead*: how much longer does the program
take? *Distortion*: reported share minus true share. A tool can be wrong in two ways, and timers
that stay in the program while it is profiled tell them apart: it may *bend* the program (the
timers see another share than without it), or *misreport* a program that it hardly touched.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from velvet_performance import programs
from velvet_performance.errors import PerformanceError
from velvet_performance.profilers import Profiler, bare

# The part of `calls_vs_loop` whose share every tool is asked for.
WITNESS = {"calls_vs_loop": "many_small"}


@dataclass(frozen=True)
class Score:
    """What one profiler made of one program.

    Attributes:
        rank: of the hot part, 1 when it was found, 0 when it was not seen at all.
        reported: the share that it gives to the witness (the hot part, mostly).
        true: that part's share without any profiler.
        bent: that part's share by timers while the profiler was on.
        overhead: time with the profiler over time without, on the clock that the program is about.
        lo, hi: the interval of the reported share, from its number of samples.
        problem: why there is no score; empty when there is one.
    """

    profiler: str
    program: str
    rank: int = 0
    reported: float = 0.0
    true: float = 0.0
    bent: float = 0.0
    overhead: float = 0.0
    lo: float = 0.0
    hi: float = 0.0
    samples: int = 0
    problem: str = ""

    @property
    def found(self) -> bool:
        """Whether the hot part came first."""
        return self.rank == 1

    @property
    def distortion(self) -> float:
        """Reported minus true share, -1 to 1."""
        return self.reported - self.true


def true_shares(program: str, size: int | None = None, rounds: int = 3) -> dict[str, float]:
    """Return the median share of each part over runs in children that only timers watch."""
    about = programs.get(program)
    if about.measure == "bytes":
        return programs.truth(about, size).sections
    runs = [bare(program, size, sections=True).inflated for _ in range(rounds)]
    return {part: statistics.median(run[part] for run in runs) for part in about.parts}


def score(
    profiler: Profiler,
    program: str,
    *,
    truth: dict[str, float] | None = None,
    rounds: int = 1,
    fraction: float = 1.0,
) -> Score:
    """Score a profiler on a program; bare and watched runs take turns.

    Args:
        truth: the true shares; measured here when not given.
        fraction: of the size that suits the profiler.

    A profiler that cannot run, fails or writes what is not understood gets a score with the reason.
    """
    about = programs.get(program)
    size = max(2, int(profiler.size_of(about) * fraction))
    if reason := profiler.available():
        return Score(profiler.name, program, problem=reason)
    true = true_shares(program, size) if truth is None else truth
    ratios, watched = [], None
    try:
        for _ in range(rounds):
            alone = bare(program, size)
            watched = profiler.run(program, size, sections=True)
            if watched.digest != alone.digest:
                raise PerformanceError("the program answers differently while it is watched")
            wall = about.measure == "wall"
            before, after = (alone.wall_s, watched.wall_s) if wall else (alone.cpu_s, watched.cpu_s)
            ratios.append(after / max(before, 1e-6))
    except PerformanceError as error:
        return Score(profiler.name, program, problem=str(error))
    assert watched is not None
    assert watched.profile is not None
    witness = WITNESS.get(program, about.hot)
    reported = watched.profile.shares(about.parts)[witness]
    lo, hi = watched.profile.interval(reported)
    return Score(
        profiler.name,
        program,
        rank=watched.profile.rank_of(about.hot, about.parts),
        reported=reported,
        true=true[witness],
        bent=watched.inflated.get(witness, 0.0),
        overhead=statistics.median(ratios),
        lo=lo,
        hi=hi,
        samples=watched.profile.samples,
    )
