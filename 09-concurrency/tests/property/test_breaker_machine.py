"""The breaker against a model of thirty lines, in random order of calls, outcomes and time."""

from __future__ import annotations

from collections import deque

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen
from velvet_concurrency.breaker.core import FAILED, CountWindow
from velvet_concurrency.clock import FakeClock

WINDOW, MIN_CALLS, RATE, OPEN_FOR, PROBES = 6, 3, 0.5, 10.0, 2


class Model:
    """What a breaker is, written for reading: no ring, no epoch objects, no lock."""

    def __init__(self) -> None:
        self.state, self.generation, self.retry_at = "closed", 0, 0.0
        self.window: deque[bool] = deque(maxlen=WINDOW)
        self.out = self.passed = 0

    def move(self, state: str, now: float) -> None:
        self.state, self.generation, self.retry_at = state, self.generation + 1, now + OPEN_FOR
        self.out = self.passed = 0
        if state == "closed":
            self.window.clear()

    def enter(self, now: float) -> int | None:
        if self.state == "open" and now >= self.retry_at:
            self.move("half_open", now)
        if self.state == "open" or (self.state == "half_open" and self.out + self.passed >= PROBES):
            return None
        self.out += self.state == "half_open"
        return self.generation

    def settle(self, generation: int, failed: bool | None, now: float) -> None:
        if generation != self.generation:
            return
        if self.state == "half_open":
            self.out -= 1
            self.passed += failed is False
            if failed:
                self.move("open", now)
            elif self.passed == PROBES:
                self.move("closed", now)
        elif failed is not None:
            self.window.append(failed)
            if len(self.window) >= MIN_CALLS and sum(self.window) / len(self.window) >= RATE:
                self.move("open", now)


class BreakerMachine(RuleBasedStateMachine):
    """Permits are taken and settled in any order, late ones too."""

    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.model = Model()
        self.breaker = CircuitBreaker(
            RATE,
            WINDOW,
            min_calls=MIN_CALLS,
            open_for=OPEN_FOR,
            half_open_calls=PROBES,
            clock=self.clock,
        )

    @rule(target=permits)
    def enter(self):
        generation = self.model.enter(self.clock())
        if generation is None:
            with pytest.raises(CircuitOpen):
                self.breaker.try_enter()
            return None
        return generation, self.breaker.try_enter()

    @rule(permit=consumes(permits), failed=st.sampled_from([True, False, None]))
    def settle(self, permit, failed):
        if permit is None:
            return
        generation, real = permit
        self.model.settle(generation, failed, self.clock())
        {True: real.failure, False: real.success, None: real.ignored}[failed]()

    @rule(failed=st.booleans(), times=st.integers(1, 8))
    def call(self, failed, times):
        def work():
            if failed:
                raise ConnectionError

        for _ in range(times):
            generation = self.model.enter(self.clock())
            try:
                self.breaker.call(work)
                outcome = "ok"
            except ConnectionError:
                outcome = "failed"
            except CircuitOpen:
                outcome = "refused"
            expected = "failed" if failed else "ok"
            assert outcome == ("refused" if generation is None else expected)
            if generation is not None:
                self.model.settle(generation, failed, self.clock())

    @rule(dt=st.sampled_from([0.5, 5.0, 10.0]))
    def wait(self, dt):
        self.clock.advance(dt)

    @invariant()
    def the_states_agree(self):
        assert self.breaker.state.value == self.model.state

    @invariant()
    def the_windows_agree(self):
        snapshot = self.breaker.snapshot()
        if self.model.state == "closed":
            assert snapshot.calls == len(self.model.window)
            assert snapshot.failures == sum(self.model.window)

    @invariant()
    def no_more_probes_are_out_than_allowed(self):
        assert 0 <= self.model.out <= PROBES


BreakerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBreakerAgainstItsModel = BreakerMachine.TestCase


@given(st.integers(1, 8), st.lists(st.sampled_from([0, FAILED, 3])))
def test_a_count_window_equals_counting_the_last_calls(size, marks):
    window = CountWindow(size)

    for mark in marks:
        window.add(mark)

    last = marks[-size:]
    assert window.calls == len(last)
    assert window.failures == sum(mark & 1 for mark in last)
    assert window.slow == sum(mark >> 1 for mark in last)
