"""The growth lab's measuring: contenders side by side, size by size, inside a budget of seconds.

Sizes come on the outside and contenders on the inside, so that a machine that slows down slows down
all of them. Nobody is started who is foreseen to take more than half of what is left of the budget: what a
contender took so far is carried on along its own slope.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from velvet_algorithms.contenders import Contender, contenders

BUDGET_S = 11.0
SEED = 1
# Preparing may grow faster than the call does, and the smallest sizes say little.
_STEEP_ENOUGH = 1.2
_ROUND_S, _LONG_S = 0.002, 0.03
Tell = Callable[[dict[str, Any]], None]
Clock = Callable[[], float]


def seconds_of(run: Callable[[], object], clock: Clock) -> float:
    """Return the least seconds that a call took, over rounds of at least two milliseconds."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        loops = 1
        while (took := _round(run, clock, loops)) < _ROUND_S:
            loops *= 2
        more = 2 if took > _LONG_S else 5
        return min(took, *(_round(run, clock, loops) for _ in range(more))) / loops
    finally:
        if was_on:
            gc.enable()


def _round(run: Callable[[], object], clock: Clock, loops: int) -> float:
    began = clock()
    for _ in range(loops):
        run()
    return max(clock() - began, 1e-9)


class _Costs:
    """What one contender took: a call, and a whole size with its preparation."""

    def __init__(self) -> None:
        self._took: list[tuple[int, float, float]] = []

    def foreseen(self, n: int) -> float:
        """Return the seconds that the next size may take, preparation included."""
        if not self._took:
            return 0.0
        last, call, whole = self._took[-1]
        slope = _STEEP_ENOUGH
        if len(self._took) > 1:
            before, less, _ = self._took[-2]
            slope = max(slope, math.log(call / less) / math.log(last / before))
        return float(whole * (n / last) ** min(slope, 3.0))

    def spend(self, n: int, call: float, whole: float) -> None:
        """Note a size; the first one may have compiled something, which happens once."""
        self._took.append((n, call, whole if self._took else min(whole, 8 * call)))


def grow(
    family: str,
    names: Sequence[str],
    sizes: Sequence[int],
    tell: Tell,
    *,
    clock: Clock = time.perf_counter,
    budget_s: float = BUDGET_S,
) -> None:
    """Measure contenders of a family and tell every point as it is known.

    Args:
        names: the contenders, each present here.
        sizes: ascending.
        tell: gets a line of the type `begin`, then `point`, `left` (out) or `differs` lines.
        clock: seconds that a call takes; the budget is kept in real ones.
        budget_s: for everything together.
    """
    chosen = [one for one in contenders(family) if one.name in names]
    costs = {one.name: _Costs() for one in chosen}
    until = time.perf_counter() + budget_s
    total, done = len(sizes) * len(chosen), 0
    tell({"type": "begin", "family": family, "sizes": list(sizes), "total": total})
    for n in sizes:
        answers: list[tuple[str, Any]] = []
        for one in chosen:
            done += 1
            began = time.perf_counter()
            why = _refused(one, n, costs[one.name].foreseen(n), until - began)
            if why:
                tell({"type": "left", "name": one.name, "n": n, "why": why, "done": done})
                continue
            run = one.prepare(n, seed=SEED)
            answers.append((one.name, run()))  # warms up as well
            seconds = seconds_of(run, clock)
            costs[one.name].spend(n, seconds, time.perf_counter() - began)
            point = {"name": one.name, "kind": one.kind, "n": n, "seconds": seconds}
            tell({"type": "point", **point, "done": done})
        _compare(answers, n, tell)


def _refused(one: Contender, n: int, foreseen: float, left: float) -> str:
    if not one.takes(n):
        return f"not asked beyond n = {one.most:,}"
    if left <= 0:
        return "the time was up"
    return f"would take about {foreseen:.1f} s" if foreseen > left / 2 else ""


def _compare(answers: list[tuple[str, Any]], n: int, tell: Tell) -> None:
    for name, answer in answers[1:]:
        same = answers[0][1] == answer
        if not bool(same.all() if hasattr(same, "all") else same):
            tell({"type": "differs", "names": [answers[0][0], name], "n": n})
