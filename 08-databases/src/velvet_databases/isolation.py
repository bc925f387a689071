"""A player for interleavings: statements of several transactions, in an order of our choosing.

Isolation levels are defined by what may happen between two transactions, so the only honest way to
learn what a level means is to make it happen: every session is a real connection on a thread of
its own, a step is sent, and the next one follows as soon as that one has finished or is seen to
wait for a lock. What waited, for whom, and which step let it go on, is recorded.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import NamedTuple

from velvet_databases.isolation_stage import POLL_SECONDS, Ran, Row, Stage, stage_for

PATIENCE_SECONDS = 10.0
HEARSAY_SECONDS = 0.1
DEADLOCK = "40P01"
ENDINGS = ("COMMIT", "ROLLBACK")
_ENDING = re.compile(
    r"\s*(COMMIT|END|ROLLBACK|ABORT)(?:\s+(?:WORK|TRANSACTION))?\s*;?\s*", re.IGNORECASE
)


class Step(NamedTuple):
    """A statement of one session; `label` is how its result can be asked for."""

    session: str
    sql: str
    label: str = ""


def _spelled(sql: str) -> str:
    """Return ``COMMIT`` or ``ROLLBACK`` for what ends a transaction, however it is written."""
    found = _ENDING.fullmatch(sql)
    if found is None:
        return sql
    return "COMMIT" if found[1].upper() in ("COMMIT", "END") else "ROLLBACK"


@dataclass(frozen=True)
class StepResult:
    """What became of a step.

    Attributes:
        sql: what was sent; the COMMIT of a failed session is sent as ROLLBACK.
        rows: None where the statement gives none or failed.
        sqlstate: empty when it succeeded; SQLite's result code by name.
        blocked_by: sessions that it was seen to wait for.
        released_by: the step after which it went on, as ``T1: COMMIT``.
        skipped: not sent, because its session had failed before.
        started_s, blocked_s, finished_s: seconds since the first step was sent.
    """

    session: str
    sql: str
    label: str = ""
    rows: tuple[Row, ...] | None = None
    rowcount: int = 0
    sqlstate: str = ""
    error: str = ""
    blocked_by: tuple[str, ...] = ()
    released_by: str | None = None
    skipped: bool = False
    started_s: float = 0.0
    blocked_s: float | None = None
    finished_s: float = 0.0


@dataclass(frozen=True)
class Played:
    """A played interleaving: its steps in the order of the script, and what is stored after it."""

    level: str
    results: tuple[StepResult, ...]
    final: tuple[Row, ...]

    @property
    def committed(self) -> frozenset[str]:
        """The sessions whose COMMIT succeeded."""
        return frozenset(
            one.session for one in self.results if one.sql == "COMMIT" and not one.sqlstate
        )

    @property
    def failed(self) -> dict[str, str]:
        """Session -> the SQLSTATE with which the database gave it up."""
        return {one.session: one.sqlstate for one in self.results if one.sqlstate}

    def rows(self, label: str) -> tuple[Row, ...] | None:
        """Return the rows of a labelled step; None if it failed or was skipped.

        Raises:
            KeyError: no step has this label.
        """
        for one in self.results:
            if one.label == label:
                return one.rows
        raise KeyError(label)

    def value(self, label: str) -> object:
        """Return the first column of the first row of a labelled step, or None."""
        rows = self.rows(label)
        return rows[0][0] if rows else None


@dataclass
class Lane:
    """A session, its thread, and the step that is under way in it."""

    name: str
    threads: ThreadPoolExecutor
    backlog: deque[int] = field(default_factory=deque)
    index: int = -1  # the step that is under way
    future: Future[Ran] | None = None
    sql: str = ""
    started: float = 0.0
    blocked: float | None = None
    blocked_by: tuple[str, ...] = ()
    waits: bool = False  # now, in contrast to `blocked`
    failed: bool = False


class Run:
    """Plays steps on lanes, once; for one thread."""

    def __init__(self, stage: Stage, lanes: dict[str, Lane], steps: list[Step]) -> None:
        self._stage, self._lanes, self._steps = stage, lanes, steps
        self._results: dict[int, StepResult] = {}
        self._began = time.perf_counter()
        self._cause = ""

    def play(self) -> tuple[StepResult, ...]:
        """Return what became of the steps, in their order."""
        for index, step in enumerate(self._steps):
            lane = self._lanes[step.session]
            lane.backlog.append(index)
            if lane.future is None:
                self._cause = f"{step.session}: {step.sql}"
            self._settle(lambda lane: lane.waits)
        self._settle(lambda _lane: False)  # only a deadlock's victim can still let others go on
        return tuple(self._results[index] for index in range(len(self._steps)))

    def _settle(self, may_wait: Callable[[Lane], bool]) -> None:
        """Go on until every lane is done or waits for a lock (and may)."""
        deadline = time.perf_counter() + PATIENCE_SECONDS
        while True:
            # Whatever ends may let others go on, so a look at all of them has to find nothing new.
            news = self._look()
            moving = [
                lane.future
                for lane in self._lanes.values()
                if lane.future is not None and not may_wait(lane)
            ]
            if not moving and not news:
                return
            if moving:
                wait(moving, POLL_SECONDS, FIRST_COMPLETED)
            if time.perf_counter() > deadline:
                stuck = [name for name, lane in self._lanes.items() if lane.future is not None]
                raise TimeoutError(
                    f"{', '.join(stuck)} did not finish within {PATIENCE_SECONDS:g} s"
                )

    def _look(self) -> bool:
        """Note what has happened to the lanes and send what is next; True if a step ended."""
        lanes = list(self._lanes.values())
        for lane in lanes:
            if lane.future is None:
                self._send_next(lane)
            if lane.future is not None and not lane.waits:
                wait([lane.future], POLL_SECONDS)
        # What went on may be heard of before what let it: a deadlock's victim, a COMMIT.
        names = {name for lane in self._ended() if lane.blocked for name in lane.blocked_by}
        behind = [lane.future for lane in lanes if lane.future and lane.name in names]
        wait(behind, HEARSAY_SECONDS)
        ended = [(lane, lane.future.result()) for lane in self._ended() if lane.future]
        # What let others go on comes before what went on: failures, then what never waited.
        ended.sort(key=lambda one: (not one[1].state, one[0].blocked is not None))
        for lane, ran in ended:
            self._record(lane, ran)
        for lane in lanes:
            if lane.future is not None:
                by = self._stage.blockers(lane.name)
                lane.waits = bool(by)
                if by and lane.blocked is None:
                    lane.blocked, lane.blocked_by = self._now(), by
            elif lane.backlog:
                self._send_next(lane)
        return bool(ended)

    def _ended(self) -> list[Lane]:
        return [lane for lane in self._lanes.values() if lane.future and lane.future.done()]

    def _now(self) -> float:
        return time.perf_counter() - self._began

    def _send_next(self, lane: Lane) -> None:
        while lane.backlog:
            index = lane.backlog.popleft()
            step = self._steps[index]
            ends = step.sql in ENDINGS
            if lane.failed and not ends:
                now = self._now()
                self._results[index] = StepResult(
                    *step, skipped=True, started_s=now, finished_s=now
                )
                continue
            lane.sql = "ROLLBACK" if lane.failed else step.sql
            if ends and not lane.failed:
                self._cause = f"{step.session}: {step.sql}"
            lane.index, lane.started = index, self._now()
            lane.blocked, lane.blocked_by, lane.waits = None, (), False
            lane.future = lane.threads.submit(self._stage.run, lane.name, lane.sql)
            return

    def _record(self, lane: Lane, ran: Ran) -> None:
        step = self._steps[lane.index]
        released = None
        if lane.blocked is not None:
            released = "deadlock detector" if ran.state == DEADLOCK else self._cause
        self._results[lane.index] = StepResult(
            *step._replace(sql=lane.sql),
            ran.rows,
            ran.rowcount,
            ran.state,
            ran.error,
            lane.blocked_by,
            released,
            started_s=lane.started,
            blocked_s=lane.blocked,
            finished_s=self._now(),
        )
        lane.future = None
        if ran.state or lane.sql in ENDINGS:
            self._cause = f"{step.session}: {ran.state or lane.sql}"
        lane.failed = lane.failed or bool(ran.state)


class Interleaving:
    """Plays steps of several transactions against a database.

    Args:
        url: a PostgreSQL, where it plays in a schema of its own; or any SQLite address, for
            which it plays in a temporary file.
        level: ``read committed``, ``repeatable read`` or ``serializable`` (SQLite: only that).
        setup: statements that make the tables.
        steps: (session, statement[, label]); COMMIT or ROLLBACK ends a session's transaction,
            which began before its first step. A step of a session that waits is sent when the
            wait is over; a failed session skips its remaining steps and rolls back.
        final: the query whose rows are `Played.final`.

    One player may be played again, by one thread at a time.

    Raises:
        ValueError: an unknown level, no step, or a session without a name.
        StoreUnavailable: nothing answers at the address.
    """

    def __init__(
        self,
        url: str,
        level: str,
        setup: Sequence[str],
        steps: Sequence[tuple[str, str] | tuple[str, str, str]],
        *,
        final: str = "SELECT 1",
    ) -> None:
        self.steps = [Step(step[0], _spelled(step[1]), *step[2:]) for step in steps]
        if not self.steps or not all(step.session and step.sql for step in self.steps):
            raise ValueError("steps must be (session, statement) pairs, at least one")
        self._url, self.level, self._setup, self._final = url, level, list(setup), final

    def play(self) -> Played:
        """Play once.

        Raises:
            TimeoutError: a session neither finished nor was seen to wait, or waited for ever.
        """
        with ExitStack() as stack:
            stage = stage_for(self._url, self.level)
            stack.callback(stage.close)
            stage.prepare(self._setup)
            names = dict.fromkeys(step.session for step in self.steps)
            lanes = {}
            for name in names:
                threads = stack.enter_context(ThreadPoolExecutor(1, f"session-{name}"))
                stage.begin(name)
                lanes[name] = Lane(name, threads)
            stack.callback(stage.cancel)  # before the threads are joined
            results = Run(stage, lanes, self.steps).play()
            return Played(self.level, results, stage.read(self._final))
