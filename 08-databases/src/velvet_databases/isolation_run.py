"""One play of an interleaving: which session does what, who waits, and why it went on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from velvet_databases.isolation_stage import ENDINGS, POLL_SECONDS, Ran, Session, Stage
from velvet_databases.isolation_steps import Step, StepResult

PATIENCE_SECONDS = 10.0
HEARSAY_SECONDS = 0.1
DEADLOCK = "40P01"


@dataclass
class Lane:
    """A session, its thread, and the step that is under way in it."""

    session: Session
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

    def __init__(
        self,
        stage: Stage,
        lanes: dict[str, Lane],
        steps: list[Step],
        clock: Callable[[], float],
    ) -> None:
        self._stage, self._lanes, self._steps, self._clock = stage, lanes, steps, clock
        self._results: dict[int, StepResult] = {}
        self._began = clock()
        self._cause = ""

    def play(self) -> tuple[StepResult, ...]:
        """Return what became of the steps, in their order.

        Raises:
            TimeoutError: a session neither finished nor was seen to wait, or waited for ever.
        """
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
        deadline = self._clock() + PATIENCE_SECONDS
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
            if self._clock() > deadline:
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
        # Who went on may be heard of before the one that let it: a deadlock's victim, a COMMIT.
        names = {name for lane in self._ended() if lane.blocked for name in lane.blocked_by}
        behind = [lane.future for lane in lanes if lane.future and lane.session.name in names]
        wait(behind, HEARSAY_SECONDS)
        ended = [(lane, lane.future.result()) for lane in self._ended() if lane.future]
        # What let others go on comes before those who went on: failures, then what never waited.
        ended.sort(key=lambda one: (not one[1].state, one[0].blocked is not None))
        for lane, ran in ended:
            self._record(lane, ran)
        for lane in lanes:
            if lane.future is not None:
                by = self._stage.blockers(lane.session.name)
                lane.waits = bool(by)
                if by and lane.blocked is None:
                    lane.blocked, lane.blocked_by = self._now(), by
            elif lane.backlog:
                self._send_next(lane)
        return bool(ended)

    def _ended(self) -> list[Lane]:
        return [lane for lane in self._lanes.values() if lane.future and lane.future.done()]

    def _now(self) -> float:
        return self._clock() - self._began

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
            lane.future = lane.threads.submit(lane.session.run, lane.sql)
            return

    def _record(self, lane: Lane, ran: Ran) -> None:
        step = self._steps[lane.index]
        released = None
        if lane.blocked is not None:
            released = "deadlock detector" if ran.state == DEADLOCK else self._cause
        self._results[lane.index] = StepResult(
            step.session,
            lane.sql,
            step.label,
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
