"""Whatever callers do in whatever order, a pool keeps its promises."""

from __future__ import annotations

import queue
import random
import threading
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from velvet_databases.pool import Pool, PoolTimeout

PATIENCE = 20.0
LIFETIME = 100.0
MAX_IDLE = 40.0


class Line:
    """A connection of the machine: it can die, and knows whether it is open."""

    def __init__(self, number: int) -> None:
        self.number, self.dead, self.closed = number, False, False

    def rollback(self) -> None:
        if self.dead:
            raise ConnectionError("dead")

    def execute(self, _sql: str) -> None:
        self.rollback()

    def close(self) -> None:
        assert not self.closed, "closed twice"
        self.closed = True


class Caller(threading.Thread):
    """A caller that stands in line."""

    def __init__(self, pool: Pool[Line]) -> None:
        super().__init__(daemon=True)
        self.pool = pool
        self.got: queue.Queue[Line | BaseException] = queue.Queue()

    def run(self) -> None:
        try:
            self.got.put(self.pool.checkout(PATIENCE))
        except Exception as error:  # noqa: BLE001 - told to the machine
            self.got.put(error)


class PoolMachine(RuleBasedStateMachine):
    """Callers check out, wait, return, break and let time pass; a model keeps count."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.made: list[Line] = []
        self.refuses = False
        self.lent: list[Line] = []
        self.line: list[Caller] = []

    def connect(self) -> Line:
        if self.refuses:
            raise ConnectionRefusedError
        self.made.append(Line(len(self.made)))
        return self.made[-1]

    @initialize(
        max_size=st.integers(1, 3),
        spare=st.integers(0, 3),
        check=st.sampled_from(["none", "checkout"]),
    )
    def start(self, max_size: int, spare: int, check: Any) -> None:
        self.check = check
        self.pool = Pool(
            self.connect,
            max(0, max_size - spare),
            max_size,
            max_lifetime=LIFETIME,
            max_idle=MAX_IDLE,
            check=check,
            clock=lambda: self.now,
            rng=random.Random(5),
        )

    @property
    def open(self) -> list[Line]:
        return [line for line in self.made if not line.closed]

    @precondition(lambda self: len(self.lent) < self.pool.max_size)
    @rule()
    def check_out(self) -> None:
        line = self.pool.checkout(PATIENCE)

        assert line not in self.lent, "two owners"
        assert not line.closed
        assert self.check == "none" or not line.dead
        self.lent.append(line)

    @precondition(lambda self: len(self.lent) == self.pool.max_size)
    @rule()
    def be_refused(self) -> None:
        with pytest.raises(PoolTimeout):
            self.pool.checkout(0)

    @precondition(lambda self: len(self.lent) == self.pool.max_size and len(self.line) < 3)
    @rule()
    def stand_in_line(self) -> None:
        self.line.append(Caller(self.pool))
        self.line[-1].start()
        turn = threading.Event()
        while self.pool.stats().waiting < len(self.line):
            turn.wait(0.0005)

    @precondition(lambda self: bool(self.lent))
    @rule(which=st.integers(0, 2), broken=st.booleans())
    def give_back(self, which: int, broken: bool) -> None:
        line = self.lent.pop(which % len(self.lent))
        line.dead = line.dead or broken

        self.pool.checkin(line)

        assert line.closed or not line.dead
        if self.line:
            self.first_in_line_is_served(line)

    def first_in_line_is_served(self, line: Line) -> None:
        first = self.line.pop(0)
        got = first.got.get(timeout=PATIENCE)
        assert isinstance(got, Line)
        assert got not in self.lent, "two owners"
        assert got is line or line.closed
        assert all(later.got.empty() for later in self.line), "a caller was overtaken"
        first.join()
        self.lent.append(got)

    @rule(seconds=st.sampled_from([1.0, MAX_IDLE, LIFETIME]))
    def let_time_pass(self, seconds: float) -> None:
        self.now += seconds

    @rule(which=st.integers(0, 2))
    def lose_an_idle_one(self, which: int) -> None:
        idle = [line for line in self.open if line not in self.lent]
        if idle:
            idle[which % len(idle)].dead = True

    @precondition(lambda self: len(self.lent) < self.pool.max_size)
    @rule()
    def fail_to_connect(self) -> None:
        self.refuses = True
        try:
            self.lent.append(self.pool.checkout(PATIENCE))
        except ConnectionRefusedError:
            pass
        finally:
            self.refuses = False

    @invariant()
    def never_more_than_allowed(self) -> None:
        if hasattr(self, "pool"):
            stats = self.pool.stats()
            assert len(self.open) == stats.size <= self.pool.max_size
            assert stats.idle == stats.size - len(self.lent)
            assert stats.waiting == len(self.line)
            assert not (stats.waiting and stats.idle)

    def teardown(self) -> None:
        if not hasattr(self, "pool"):
            return
        self.pool.close()
        for caller in self.line:
            assert not isinstance(caller.got.get(timeout=PATIENCE), Line)
            caller.join()
        for line in self.lent:
            self.pool.checkin(line)
        assert self.open == []
        assert self.pool.stats().size == 0


PoolMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestPoolMachine = PoolMachine.TestCase
