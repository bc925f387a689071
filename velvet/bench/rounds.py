"""Calibrated, interleaved rounds inside one process.

On a shared machine a block of A followed by a block of B measures the neighbours: even a
quiet one can name the wrong winner. Short rounds in which every contender takes its turn,
in a fresh random order, see the same neighbours, and their ratios stay within a few per
cent. The clock is a parameter, so that the tests prove this with a simulated one.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import itertools
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from time import perf_counter_ns, thread_time_ns
from typing import Any, Protocol

from velvet.bench.model import Command, Comparison, Outcome, Timed
from velvet.bench.programs import peak, runner

# Thousands of times what a clock resolves: `perf_counter_ns` steps by 100 ns or less everywhere.
ROUND_NS = 2_000_000
MAX_ROUND_NS = 5_000_000
# With the preparation of its inputs, which is not timed and may take far longer than the calls.
MAX_WHOLE_ROUND_NS = 50_000_000
MAX_LOOPS = 2**24
WARM_ROUNDS = 10
WARM_ENOUGH = 0.2
WARM_NS = 100_000_000
SPIN_TURNS = 40_000


class Clock(Protocol):
    """Two monotonic counters in nanoseconds: wall time and this thread's CPU time."""

    def wall(self) -> int: ...
    def cpu(self) -> int: ...


class SystemClock:
    """The machine's clocks, taken before a contender's file is imported, which may change `time`."""

    wall = staticmethod(perf_counter_ns)
    cpu = staticmethod(thread_time_ns)


def children_cpu_ns() -> int:
    """Return the CPU time of ended child processes, in nanoseconds."""
    if sys.platform == "win32":
        return 0  # which keeps no account of them
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((used.ru_utime + used.ru_stime) * 1e9)


@dataclass
class Prepared:
    """A contender ready to be timed: its callable, loop count and clean-up (of a generator)."""

    name: str
    timed: Timed
    loops: int = 1
    cold_ns: float = 0
    close: Callable[[], None] = lambda: None
    child_clock: bool = False

    @property
    def is_async(self) -> bool:
        """Whether the timed callable is a coroutine function."""
        return inspect.iscoroutinefunction(self.timed.call)

    def once(self, clock: Clock) -> tuple[Any, int, int]:
        """Make one call; returns its result, which may not be lazy, with wall and CPU nanoseconds."""
        call, prepare = self.timed.call, self.timed.prepare
        given = [] if prepare is None else [prepare()]
        if self.is_async:
            result, wall, cpu = asyncio.run(self._async_once(clock, given))
        else:
            cpu_of = children_cpu_ns if self.child_clock else clock.cpu
            cpu0, wall0 = cpu_of(), clock.wall()
            result = call(*given)
            wall, cpu = clock.wall() - wall0, cpu_of() - cpu0
        refuse_lazy(result.result if isinstance(result, Outcome) else result)
        return result, wall or 1, cpu

    async def _async_once(self, clock: Clock, given: list[Any]) -> tuple[Any, int, int]:
        cpu0, wall0 = clock.cpu(), clock.wall()
        result = await self.timed.call(*given)
        return result, clock.wall() - wall0, clock.cpu() - cpu0

    def round(self, clock: Clock) -> tuple[float, float]:
        """Time one round; returns wall and CPU nanoseconds per call."""
        if self.timed.prepare is not None:
            taken = [self.once(clock)[1:] for _ in range(self.loops)]
            wall, cpu = map(sum, zip(*taken, strict=True))
        elif self.is_async:
            wall, cpu = asyncio.run(self._async_round(clock))
        else:
            call, turns = self.timed.call, itertools.repeat(None, self.loops)
            cpu_of = children_cpu_ns if self.child_clock else clock.cpu
            cpu0, wall0 = cpu_of(), clock.wall()
            for _ in turns:
                call()
            wall, cpu = clock.wall() - wall0, cpu_of() - cpu0
        return (wall or 1) / self.loops, cpu / self.loops

    async def _async_round(self, clock: Clock) -> tuple[int, int]:
        call = self.timed.call
        cpu0, wall0 = clock.cpu(), clock.wall()
        for _ in itertools.repeat(None, self.loops):
            await call()
        return clock.wall() - wall0, clock.cpu() - cpu0


def refuse_lazy(result: Any) -> None:
    """Raise TypeError for a result still to be computed: an iterator, a coroutine, a future."""
    kind = type(result)
    lazy = any(hasattr(kind, name) for name in ("__next__", "__anext__", "__await__"))
    if lazy or (hasattr(kind, "add_done_callback") and hasattr(kind, "result")):
        raise TypeError(
            f"the timed call returns a {kind.__name__}, whose work is never done; "
            "consume it inside the call, as list(...) or await would"
        )


def as_timed(made: Any) -> Timed:
    """Read what a set-up returned as a `Timed`."""
    if isinstance(made, Timed):
        return made
    if isinstance(made, Command):
        return Timed(runner(made), metrics=lambda: peak(made))
    if callable(made):
        return Timed(made)
    raise TypeError(
        f"a contender's set-up returns a callable, a Timed or a Command, not {type(made).__name__}"
    )


def prepare(comparison: Comparison, name: str, size: Mapping[str, Any], seed: int = 0) -> Prepared:
    """Run a contender's set-up; a generator function cleans up after its yield.

    Args:
        seed: that of the first of the comparison's `inputs`; each further call has the next.
    """
    made = comparison.contenders[name].setup(**size)
    began = made if inspect.isgenerator(made) else iter(())
    first = next(began, made)

    def teardown() -> None:
        for _ in began:
            raise RuntimeError(f"the set-up of {name!r} yields more than once")

    timed = as_timed(first)
    if (make := comparison.inputs) is not None:
        seeds = itertools.count(seed)
        timed = replace(timed, prepare=lambda: make(**size, seed=next(seeds)))
    return Prepared(name, timed, close=teardown, child_clock=isinstance(first, Command))


def calibrate(prepared: Prepared, clock: Clock) -> None:
    """Choose the loops of one round (about 2 ms), then warm up until two rounds agree.

    The first call is kept apart as `cold_ns`. Calls of a tenth of a second are warm by then.
    """
    prepared.loops = 1
    _, prepared.cold_ns, _ = prepared.once(clock)
    while prepared.loops < MAX_LOOPS:
        whole = clock.wall()
        per_call, _ = prepared.round(clock)
        total = per_call * prepared.loops
        if total >= ROUND_NS or clock.wall() - whole > MAX_WHOLE_ROUND_NS:
            break
        grown = prepared.loops * 2 if total * 4 > ROUND_NS else prepared.loops * 4
        if per_call * grown > MAX_ROUND_NS and prepared.loops > 1:
            break
        prepared.loops = min(grown, MAX_LOOPS)
    began = clock.wall()
    before, _ = prepared.round(clock)
    for _ in range(WARM_ROUNDS - 1):
        if clock.wall() - began > WARM_NS:
            return
        now, _ = prepared.round(clock)
        if abs(now - before) <= WARM_ENOUGH * before:
            return
        before = now


def spin(clock: Clock) -> int:
    """Time a fixed amount of pure Python work; its spread is the machine's noise."""
    began = clock.wall()
    total = 0
    for turn in range(SPIN_TURNS):
        total += turn
    return clock.wall() - began


def interleave(
    prepared: Sequence[Prepared],
    clock: Clock,
    *,
    rounds: int,
    seed: int,
    budget_s: float = float("inf"),
    turn: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> Iterator[dict[str, Any]]:
    """Yield one record per round, in which every contender was timed once in random order.

    Args:
        budget_s: wall seconds after which no further round starts (five are always made).
        turn: entered with a contender's name for its turn, so that a hang can be blamed. It may
            suppress what the contender raises, which takes no part from then on.
    """
    alive = {one.name: one for one in prepared}
    rng = random.Random(seed)
    began = clock.wall()
    for number in range(rounds):
        if number >= 5 and (clock.wall() - began) / 1e9 > budget_s:
            return
        names = list(alive)
        rng.shuffle(names)
        record: dict[str, Any] = {"round": number, "wall": {}, "cpu": {}, "order": names}
        collections = sum(stat["collections"] for stat in gc.get_stats())
        for name in names:
            with turn(name):
                record["wall"][name], record["cpu"][name] = alive[name].round(clock)
            if name not in record["wall"]:
                del alive[name]
        record["gc"] = sum(stat["collections"] for stat in gc.get_stats()) - collections
        record["spin"] = spin(clock)
        yield record
