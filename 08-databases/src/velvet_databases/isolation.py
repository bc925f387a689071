"""A player for interleavings: statements of several transactions, in an order of our choosing.

Isolation levels are defined by what may happen between two transactions, so the only honest way to
learn what a level means is to make it happen: every session is a real connection on a thread of
its own, a step is sent, and the next one follows as soon as that one has finished or is seen to
wait for a lock. What waited, for whom, and which step let it go on, is recorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from velvet_databases.isolation_run import Lane, Run
from velvet_databases.isolation_sqlite import SqliteStage
from velvet_databases.isolation_stage import LEVELS, PostgresStage, Stage
from velvet_databases.isolation_steps import Played, Step
from velvet_databases.stores.address import read_address
from velvet_databases.stores.failures import connecting


def stage_for(url: str, level: str) -> Stage:
    """Open the stage that an address asks for.

    Raises:
        StoreUnavailable: nothing answers there, or it is neither PostgreSQL nor SQLite.
        ValueError: the database has no such isolation level.
    """
    address = read_address(url, frozenset(LEVELS))
    known = LEVELS[address.backend]
    if level not in known:
        raise ValueError(f"{address.backend} has no level {level!r}; known are {', '.join(known)}")
    if address.backend == "sqlite":
        return SqliteStage()
    with connecting(address):
        return PostgresStage(address.url, level)


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
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.steps = [Step(*step) for step in steps]
        if not self.steps or not all(step.session and step.sql for step in self.steps):
            raise ValueError("steps must be (session, statement) pairs, at least one")
        self._url, self.level, self._setup, self._final = url, level, list(setup), final
        self._clock = clock

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
                lanes[name] = Lane(stage.session(name), threads)
            stack.callback(stage.cancel)  # before the threads are joined
            results = Run(stage, lanes, self.steps, self._clock).play()
            return Played(self.level, results, stage.read(self._final))
