"""Find a race by trying every interleaving, and replay the one that fails.

Coroutines suspend only where they await, so their interleavings can be counted. `explore` drives
them by hand, without an event loop: at each suspension it chooses which one goes on. With a bound
on preemptions (CHESS, Musuvathi and Qadeer 2008) the number of schedules stays small, and most
races need one or two. A failure is a list of choices: `replay` runs exactly that schedule again.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

S = TypeVar("S")
Ready = Callable[[], bool]
Make = Callable[[], tuple[S, Sequence[Coroutine[Any, Any, Any]]]]


class UnsupportedAwait(TypeError):
    """A coroutine awaits something that only an event loop can finish."""


class Deadlock(RuntimeError):
    """Everything waits and nothing will ever wake it."""


class _Suspend:
    def __init__(self, ready: Ready | None) -> None:
        self.ready = ready

    def __await__(self) -> Generator[_Suspend, None, None]:
        yield self


class Stepper:
    """The turn that a test injects: each pause is a point at which `explore` may switch."""

    async def pause(self) -> None:
        """Suspend once."""
        await _Suspend(None)

    async def wait(self, ready: Ready) -> None:
        """Suspend until `ready()` is true."""
        await _Suspend(ready)


@dataclass(frozen=True)
class ScheduleFailure:
    """A schedule under which the check fails.

    Attributes:
        choices: the coroutine that runs, step by step; for `replay`.
        schedules: how many were tried, this one included.
    """

    choices: tuple[int, ...]
    error: BaseException
    schedules: int


class _Run:
    """One schedule: follow the given choices, then prefer the coroutine that ran last."""

    def __init__(self, jobs: Sequence[Coroutine[Any, Any, Any]], prefix: Sequence[int]) -> None:
        self.jobs, self.prefix = jobs, prefix
        self.choices: list[int] = []
        self.offered: list[list[int]] = []  # per step: who could have run
        self.preempted: list[int] = []  # per step: preemptions before it

    def go(self) -> None:
        """Run to the end.

        Raises:
            Deadlock: every coroutine that is left waits.
            UnsupportedAwait: one awaits a future.
        """
        waiting: dict[int, Ready | None] = dict.fromkeys(range(len(self.jobs)))
        last, count = -1, 0
        try:
            while waiting:
                able = [i for i, ready in waiting.items() if ready is None or ready()]
                if not able:
                    raise Deadlock(f"coroutines {sorted(waiting)} wait for each other")
                step = len(self.choices)
                chosen = last if last in able else able[0]
                if step < len(self.prefix):
                    chosen = self.prefix[step]
                    if chosen not in able:
                        raise ValueError(f"choice {step}: coroutine {chosen} cannot run")
                self.offered.append(able)
                self.preempted.append(count)
                count += last in able and chosen != last
                self.choices.append(chosen)
                last = chosen
                try:
                    asked = self.jobs[chosen].send(None)
                except StopIteration:
                    del waiting[chosen]
                    continue
                if not isinstance(asked, _Suspend):
                    raise UnsupportedAwait(
                        f"coroutine {chosen} awaits {asked!r}: inject a Stepper, or use VirtualLoop"
                    )
                waiting[chosen] = asked.ready
        finally:
            for job in self.jobs:
                job.close()


def explore(
    make: Make[S],
    check: Callable[[S], None],
    *,
    max_schedules: int = 1000,
    bound: float = 2,
    seen: Callable[[tuple[int, ...]], None] | None = None,
) -> ScheduleFailure | None:
    """Run coroutines under every schedule with at most `bound` preemptions.

    Args:
        make: returns a fresh state and the coroutines that share it.
        check: raises when the state is wrong at the end.
        max_schedules: stop after so many.
        bound: how often a coroutine that could go on is interrupted; `math.inf` for all.
        seen: told each schedule's choices.

    Returns:
        The first failure, or None.
    """
    if bound != bound:
        raise ValueError(f"bound must be a number of preemptions, not {bound!r}")
    pending: list[tuple[int, ...]] = [()]
    for count in range(1, max_schedules + 1):
        if not pending:
            return None
        prefix = pending.pop()
        state, jobs = make()
        run = _Run(jobs, prefix)
        error: Exception | None = None
        try:
            run.go()
            check(state)
        except (UnsupportedAwait, ValueError):
            raise
        except Exception as found:  # noqa: BLE001 - whatever the program raises is the finding
            error = found
        if seen is not None:
            seen(tuple(run.choices))
        if error is not None:
            return ScheduleFailure(tuple(run.choices), error, count)
        for step in range(len(prefix), len(run.choices)):
            last = run.choices[step - 1] if step else -1
            for other in run.offered[step]:
                costs = run.preempted[step] + (last in run.offered[step] and other != last)
                if other != run.choices[step] and costs <= bound:
                    pending.append((*run.choices[:step], other))
    return None


def replay(make: Make[S], choices: Sequence[int]) -> S:
    """Run one schedule again and return the state it ends in."""
    state, jobs = make()
    _Run(jobs, choices).go()
    return state
