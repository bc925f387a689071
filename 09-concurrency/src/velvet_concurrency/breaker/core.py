"""The breaker's state machine and memory, without threads, tasks or user code.

A call asks for a `Permit`, runs, and settles the permit once. A permit belongs to the *epoch* (one stay in
one state) in which it was given: when the state has changed in between, its outcome is evidence about a past
state and is ignored. That one rule makes slow calls, probes and closing races harmless. The lock covers a few
lines of arithmetic and never a caller's function; listeners are called after it is released.
"""

from __future__ import annotations

import enum
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

from velvet_concurrency.clock import Clock

FAILED = 1  # bits of a mark; 0 is a success
SLOW = 2


class State(enum.Enum):
    """Where a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpen(Exception):
    """The call was refused without being made.

    `retry_after` is in seconds: what is left of the pause, or 0.0 while probes are out and decide.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"circuit is open, retry after {self.retry_after:.3f} s"


@dataclass(frozen=True)
class Snapshot:
    """One consistent reading of a breaker.

    `calls`, `failures` (slow calls included) and `slow` cover the window; `not_permitted` counts refusals
    since the breaker was made; `failure_rate` is 0..1, or None while fewer than `min_calls` are in the window.
    """

    state: State
    calls: int
    failures: int
    slow: int
    not_permitted: int
    failure_rate: float | None


class CountWindow:
    """The last `size` calls: O(1) to record, one byte a call in a ring. The core's lock guards it."""

    __slots__ = ("_next", "_ring", "calls", "failures", "full", "slow")

    def __init__(self, size: int) -> None:
        self._ring = bytearray(size)
        self._next = self.calls = self.failures = self.slow = 0
        self.full = False

    def add(self, mark: int) -> None:
        """Record one call over the oldest one."""
        ring, at = self._ring, self._next
        old = ring[at]
        if not self.full:
            self.calls += 1
            self.full = self.calls == len(ring)
        if old or mark:
            self.failures += (mark & FAILED) - (old & FAILED)
            self.slow += ((mark & SLOW) - (old & SLOW)) // SLOW
            ring[at] = mark
        at += 1
        self._next = 0 if at == len(ring) else at

    def clear(self) -> None:
        """Forget every call."""
        self._ring[:] = bytes(len(self._ring))
        self._next = self.calls = self.failures = self.slow = 0
        self.full = False


@dataclass(slots=True, eq=False)
class Epoch:
    """One stay in one state: the generation number of the textbooks, compared by identity.

    `free` means that a call needs no permit object: CLOSED, and no one asks how long calls take.
    """

    state: State
    free: bool
    retry_at: float = 0.0
    # Permits out, HALF_OPEN only; one that Ctrl-C takes from its caller is out no more.
    probes: weakref.WeakSet[Permit] = field(default_factory=weakref.WeakSet)
    passed: int = 0  # probes that succeeded, HALF_OPEN only


class Permit:
    """The right to make one call; the first method that settles it counts, the rest do nothing.

    A context manager, too, which settles it by how the block ends.
    """

    __slots__ = ("__weakref__", "_core", "_epoch", "_started")

    def __init__(self, core: Core, epoch: Epoch, started: float) -> None:
        self._core = core
        self._epoch: Epoch | None = epoch
        self._started = started

    def success(self) -> None:
        """Report an answer; it counts as failed and slow when it took `slow_call` seconds or more."""
        if self._core.is_clean():
            self._epoch = None
        else:
            self._core.settle(self, None, 0)

    def failure(self) -> None:
        """Report that the dependency failed."""
        self._core.settle(self, None, FAILED)

    def ignored(self) -> None:
        """Return the permit: the outcome (cancellation, Ctrl-C) says nothing about the dependency."""
        self._core.settle(self, None, None)

    def settle(self, error: BaseException | None) -> None:
        """Report how the call ended; of an `Exception`, `is_failure` says whether it counts as failed."""
        if error is None:
            self.success()
        elif not isinstance(error, Exception):
            self.ignored()
        else:
            try:
                failed = self._core.is_failure(error)
            except BaseException:
                self.ignored()
                raise
            (self.failure if failed else self.success)()

    def __enter__(self) -> Permit:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.settle(error)


@dataclass(eq=False)
class Core:
    """States, window and permits behind one lock; O(1) a call; thread-safe.

    Takes what `CircuitBreaker` has checked: see there for the arguments.
    """

    window: CountWindow
    failure_rate: float
    min_calls: int
    open_for: float
    half_open_calls: int
    slow_call: float | None
    is_failure: Callable[[Exception], bool]
    clock: Clock
    on_change: Callable[[State, State], None] | None

    def __post_init__(self) -> None:
        self.epoch = Epoch(State.CLOSED, free=self.slow_call is None)
        self._lock = threading.Lock()
        self._not_permitted = 0

    def try_enter(self) -> Permit:
        """Return a permit; raises `CircuitOpen` when none is available."""
        # One read: state and generation cannot disagree, so CLOSED needs no lock.
        epoch = self.epoch
        if epoch.state is State.CLOSED:
            return Permit(self, epoch, 0.0 if self.slow_call is None else self.clock())
        return self._enter_guarded()

    def _enter_guarded(self) -> Permit:
        now = self.clock()
        changed = None
        with self._lock:
            epoch = self.epoch
            if epoch.state is State.OPEN:
                if now < epoch.retry_at:
                    self._not_permitted += 1
                    raise CircuitOpen(epoch.retry_at - now)
                changed, epoch = State.OPEN, self._move(State.HALF_OPEN, now)
            out = len(epoch.probes) + epoch.passed
            if epoch.state is State.HALF_OPEN and out >= self.half_open_calls:
                self._not_permitted += 1
                raise CircuitOpen(0.0)
            permit = Permit(self, epoch, now)
            epoch.probes.add(permit)
        if changed is not None:
            try:
                self._tell(changed, State.HALF_OPEN)
            except BaseException:
                permit.ignored()
                raise
        return permit

    def settle(self, permit: Permit | None, epoch: Epoch | None, mark: int | None) -> None:
        """Book one outcome: 0 or `FAILED`, None for "neither"; a permit settles once."""
        now = self.clock() if self.slow_call is not None else 0.0
        moved = None
        with self._lock:
            if permit is not None:
                epoch, permit._epoch = permit._epoch, None
                slow = self.slow_call is not None and now - permit._started >= self.slow_call
                if slow and mark is not None:
                    mark = FAILED | SLOW
            if epoch is not self.epoch:
                return  # settled before, or the state has changed since the call began
            if epoch.state is State.HALF_OPEN:
                if permit is not None:
                    epoch.probes.discard(permit)
                moved = self._judge_probe(epoch, mark)
            elif mark is not None:
                self.window.add(mark)
                if self.window.failures and self._too_many():
                    moved = State.OPEN
            if moved is None:
                return
            self._move(moved, self.clock())
        self._tell(epoch.state, moved)

    def is_clean(self) -> bool:
        """Return whether a success changes nothing, so that booking one needs no lock.

        A full count window without a failure looks the same after one more: the state that a healthy
        breaker is in nearly always. Any other state than CLOSED leaves the failures that led there.
        """
        return self.window.full and not self.window.failures and self.slow_call is None

    def snapshot(self) -> Snapshot:
        """Return totals and state, taken together; O(1)."""
        with self._lock:
            window = self.window
            enough = window.calls >= self.min_calls
            rate = window.failures / window.calls if enough else None
            refused, state = self._not_permitted, self.epoch.state
            return Snapshot(state, window.calls, window.failures, window.slow, refused, rate)

    def _judge_probe(self, epoch: Epoch, mark: int | None) -> State | None:
        if mark is None:
            return None
        if mark:
            return State.OPEN
        if epoch.passed + 1 == self.half_open_calls:
            return State.CLOSED  # not counted: Ctrl-C before the move would leave no probe for ever
        epoch.passed += 1
        return None

    def _too_many(self) -> bool:
        calls = self.window.calls
        return calls >= self.min_calls and self.window.failures / calls >= self.failure_rate

    def _move(self, state: State, now: float) -> Epoch:
        free = state is State.CLOSED and self.slow_call is None
        epoch = Epoch(state, free=free, retry_at=now + self.open_for)
        if state is State.CLOSED:
            self.window.clear()
        self.epoch = epoch
        return epoch

    def _tell(self, old: State, new: State) -> None:
        if self.on_change is not None:
            self.on_change(old, new)
