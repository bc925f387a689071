"""The breaker's state machine, without threads, tasks or user code.

A call asks for a `Permit`, runs, and settles the permit once. A permit belongs to the *epoch* (one stay in one
state) in which it was given: when the state has changed in between, its outcome is evidence about a past state
and is ignored. That one rule makes slow calls, probes and closing races harmless. The lock covers a few lines
of arithmetic and never a caller's function; listeners are told after it is released.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from velvet_concurrency.breaker.states import CircuitOpen, Snapshot, State
from velvet_concurrency.breaker.windows import FAILED, SLOW, CountWindow, TimeWindow


class Epoch:
    """One stay in one state: the generation number of the textbooks, compared by identity.

    `free` means that a call needs no permit object: CLOSED, and nobody asks how long calls take.
    """

    __slots__ = ("free", "passed", "probes", "retry_at", "state")

    def __init__(self, state: State, *, free: bool, retry_at: float = 0.0) -> None:
        self.state = state
        self.free = free
        self.retry_at = retry_at
        self.probes = 0  # permits out, HALF_OPEN only
        self.passed = 0  # probes that succeeded, HALF_OPEN only


class Permit:
    """The right to make one call; the first of its three methods settles it, the rest do nothing."""

    __slots__ = ("_core", "_epoch", "_started")

    def __init__(self, core: Core, epoch: Epoch, started: float) -> None:
        self._core = core
        self._epoch: Epoch | None = epoch
        self._started = started

    def success(self) -> None:
        """The dependency answered; counted as failed and slow when it took `slow_call` seconds or more."""
        self._core.settle(self, None, 0)

    def failure(self) -> None:
        """The dependency failed."""
        self._core.settle(self, None, FAILED)

    def ignored(self) -> None:
        """The outcome says nothing about the dependency (cancellation, Ctrl-C): give the permit back."""
        self._core.settle(self, None, None)


class Core:
    """States, window and permits behind one lock; O(1) a call; thread-safe.

    Takes what `CircuitBreaker` has checked: see there for the arguments.
    """

    __slots__ = (
        "_clock",
        "_lock",
        "_not_permitted",
        "epoch",
        "failure_rate",
        "half_open_calls",
        "min_calls",
        "on_change",
        "open_for",
        "slow_call",
        "window",
    )

    def __init__(
        self,
        window: CountWindow | TimeWindow,
        *,
        failure_rate: float,
        min_calls: int,
        open_for: float,
        half_open_calls: int,
        slow_call: float | None,
        clock: Callable[[], float],
        on_change: Callable[[State, State], None] | None,
    ) -> None:
        self.window = window
        self.failure_rate = failure_rate
        self.min_calls = min_calls
        self.open_for = open_for
        self.half_open_calls = half_open_calls
        self.slow_call = slow_call
        self.on_change = on_change
        self._clock = clock
        self._lock = threading.Lock()
        self.epoch = Epoch(State.CLOSED, free=slow_call is None)
        self._not_permitted = 0

    @property
    def state(self) -> State:
        """The state now; OPEN lasts until the first call after the pause."""
        return self.epoch.state

    def try_enter(self) -> Permit:
        """Ask for a permit; raises `CircuitOpen` when none is to be had."""
        epoch = (
            self.epoch
        )  # one read: state and generation cannot disagree, so CLOSED needs no lock
        if epoch.state is State.CLOSED:
            return Permit(self, epoch, 0.0 if self.slow_call is None else self._clock())
        return self._enter_guarded()

    def _enter_guarded(self) -> Permit:
        now = self._clock()
        changed = None
        with self._lock:
            epoch = self.epoch
            if epoch.state is State.OPEN:
                if now < epoch.retry_at:
                    self._not_permitted += 1
                    raise CircuitOpen(epoch.retry_at - now)
                changed, epoch = State.OPEN, self._move(State.HALF_OPEN, now)
            if epoch.state is State.HALF_OPEN:
                if epoch.probes + epoch.passed >= self.half_open_calls:
                    self._not_permitted += 1
                    raise CircuitOpen(0.0)
                epoch.probes += 1
            permit = Permit(self, epoch, now)
        if changed is not None:
            try:
                self._tell(changed, State.HALF_OPEN)
            except BaseException:
                permit.ignored()
                raise
        return permit

    def settle(self, permit: Permit | None, epoch: Epoch | None, mark: int | None) -> None:
        """Book one outcome: 0 or `FAILED`, None for "neither"; a permit settles once."""
        now = self._clock() if self.slow_call is not None or self.window.timed else 0.0
        moved = None
        with self._lock:
            if permit is not None:
                epoch, permit._epoch = permit._epoch, None
                if mark is not None and self._was_slow(now - permit._started):
                    mark = FAILED | SLOW
            if epoch is not self.epoch:
                return  # settled before, or the state has changed since the call began
            if epoch.state is State.HALF_OPEN:
                moved = self._judge_probe(epoch, mark)
            elif mark is not None:
                self.window.add(mark, now)
                if self.window.failures and self._too_many():
                    moved = State.OPEN
            if moved is None:
                return
            self._move(moved, self._clock())
        self._tell(epoch.state, moved)

    def clean_success(self, epoch: Epoch) -> None:
        """Book a success of a call made without a permit.

        A full count window without a failure looks the same after one more success, so there the lock is
        not taken at all: that is the state a healthy breaker is in nearly always.
        """
        window = self.window
        if window.failures or not window.full:
            self.settle(None, epoch, 0)

    def snapshot(self) -> Snapshot:
        """Totals and state, taken together; O(1) amortised."""
        with self._lock:
            window = self.window
            if window.timed:
                window.expire(self._clock())
            enough = window.calls >= self.min_calls
            rate = window.failures / window.calls if enough else None
            refused = self._not_permitted
            state = self.epoch.state
            return Snapshot(state, window.calls, window.failures, window.slow, refused, rate)

    def _judge_probe(self, epoch: Epoch, mark: int | None) -> State | None:
        epoch.probes -= 1
        if mark is None:
            return None
        if mark:
            return State.OPEN
        epoch.passed += 1
        return State.CLOSED if epoch.passed == self.half_open_calls else None

    def _was_slow(self, seconds: float) -> bool:
        return self.slow_call is not None and seconds >= self.slow_call

    def _too_many(self) -> bool:
        calls = self.window.calls
        return calls >= self.min_calls and self.window.failures / calls >= self.failure_rate

    def _move(self, state: State, now: float) -> Epoch:
        free = state is State.CLOSED and self.slow_call is None
        self.epoch = Epoch(state, free=free, retry_at=now + self.open_for)
        if state is State.CLOSED:
            self.window.clear()
        return self.epoch

    def _tell(self, old: State, new: State) -> None:
        if self.on_change is not None:
            self.on_change(old, new)
