"""A new model in front of users, a few at a time, with a way back that nothing waits for.

A shadow answers copies: it may be slow, wrong or broken, and no user sees it. A canary answers a
share of the users, always the same ones, and a sequential test watches it from the first request on:
the always-valid test of `experiment.sequential`, because here looking all the time is the point.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from velvet_ml.errors import in_range
from velvet_ml.experiment.design import Assigner
from velvet_ml.experiment.sequential import MSPRT
from velvet_ml.serving.engine import Row

Answer = Callable[[Row], Awaitable[float]]
Variant = Literal["stable", "candidate"]


@dataclass
class ShadowStats:
    """What the candidate did with the copies."""

    compared: int = 0
    disagreed: int = 0
    dropped: int = 0
    failed: int = 0


class Shadow:
    """Answer with the primary and show each row to a candidate, off the path of the answer.

    Use it with ``async with``; for one event loop.

    Args:
        max_queue: copies that may wait; one more is dropped and counted.
        timeout: seconds for the candidate; a hanging one is given up and counted as failed.
        tolerance: probabilities that are further apart disagree.
    """

    def __init__(
        self,
        primary: Answer,
        candidate: Answer,
        *,
        max_queue: int = 100,
        timeout: float = 1.0,
        tolerance: float = 0.1,
    ) -> None:
        in_range("max_queue", max_queue, 1)
        in_range("timeout", timeout, 0.0)
        in_range("tolerance", tolerance, 0.0)
        self._primary, self._candidate = primary, candidate
        self._queue: asyncio.Queue[tuple[Row, float]] = asyncio.Queue(max_queue)
        self._timeout, self._tolerance = timeout, tolerance
        self._task: asyncio.Task[None] | None = None
        self.stats = ShadowStats()

    async def __aenter__(self) -> Shadow:
        self._task = asyncio.create_task(self._compare())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def predict(self, row: Row) -> float:
        """Return the primary's answer; the copy never delays it."""
        answer = await self._primary(row)
        try:
            self._queue.put_nowait((row, answer))
        except asyncio.QueueFull:
            self.stats.dropped += 1
        return answer

    async def drained(self) -> None:
        """Return when every copy was looked at."""
        await self._queue.join()

    async def _compare(self) -> None:
        while True:
            row, answer = await self._queue.get()
            try:
                other = await asyncio.wait_for(self._candidate(row), self._timeout)
                self.stats.compared += 1
                self.stats.disagreed += abs(other - answer) > self._tolerance
            except Exception:  # noqa: BLE001 - whatever the candidate raises is its own affair
                self.stats.failed += 1
            finally:
                self._queue.task_done()


@dataclass(frozen=True)
class Step:
    """An entry of a canary's timeline."""

    request: int
    percent: int
    reason: str


@dataclass
class _Seen:
    requests: int = 0
    errors: int = 0
    slow: int = 0


@dataclass
class Canary:
    """Move users to a candidate in steps, or all of them back.

    Attributes:
        steps: percent of the users, in order; the last is 100.
        per_step: answers of the candidate before the next step.
        slow_ms: an answer above it counts as slow.
        alpha: the chance to roll back a candidate that is as good as the stable model, for each of
            errors and latency, over the whole roll-out.
    """

    steps: tuple[int, ...] = (1, 5, 25, 50, 100)
    per_step: int = 100
    slow_ms: float = 50.0
    alpha: float = 0.01
    salt: str = "canary"
    timeline: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        for percent in self.steps:
            in_range("a step", percent, 1, 100)
        if self.steps != tuple(sorted(set(self.steps))) or self.steps[-1:] != (100,):
            raise ValueError(f"steps {self.steps}: rising percents from 1 on, the last is 100")
        in_range("per_step", self.per_step, 1)
        in_range("slow_ms", self.slow_ms, 0.0)
        self._rule: Any = MSPRT(tau=0.05, alpha=self.alpha)
        self._level, self._requests, self._at_level = 0, 0, 0
        self._seen = {"stable": _Seen(), "candidate": _Seen()}
        self._assigner = Assigner(self.salt, {"any": 1.0})
        self.rolled_back = False
        self.timeline.append(Step(0, self.percent, "start"))

    @property
    def percent(self) -> int:
        """The share of users that see the candidate."""
        return 0 if self.rolled_back else self.steps[self._level]

    @property
    def done(self) -> bool:
        """Whether it is decided: all users moved, or all of them back."""
        return self.rolled_back or self.percent == 100

    def route(self, user: str) -> Variant:
        """Return what a user sees; a user that was moved stays while the share grows. O(1)."""
        return "candidate" if self._assigner.bucket(user) < self.percent * 100 else "stable"

    def record(self, variant: Variant, *, ok: bool, ms: float) -> None:
        """Take the outcome of one answer; may take the next step, or roll back."""
        in_range("ms", ms, 0.0)
        seen = self._seen[variant]
        self._requests += 1
        seen.requests += 1
        seen.errors += not ok
        seen.slow += ms > self.slow_ms
        if variant == "stable" or self.rolled_back:
            return
        self._at_level += 1
        for what in ("errors", "slow"):
            if self._worse(what):
                self.rolled_back = True
                self.timeline.append(Step(self._requests, 0, f"rolled back: {what}"))
                return
        if self._at_level >= self.per_step and self.percent < 100:
            self._level, self._at_level = self._level + 1, 0
            self.timeline.append(Step(self._requests, self.percent, "no harm seen"))

    def _worse(self, what: str) -> bool:
        """Whether the candidate's share is larger, always-valid: this looks after every answer.

        Arms differ in size; the test counts both at the size whose variance is that of the pair.
        """
        stable, candidate = self._seen["stable"], self._seen["candidate"]
        if min(stable.requests, candidate.requests) < 10:
            return False
        n = 2 / (1 / stable.requests + 1 / candidate.requests)
        a = np.array([getattr(stable, what) / stable.requests * n])
        b = np.array([getattr(candidate, what) / candidate.requests * n])
        return bool(b[0] > a[0] and self._rule.crossed(1, a, b, n)[0])
