"""The breaker's front: functions, coroutines, decorators and `with` blocks over one core.

Every form does the same three things: take a permit, run the caller's code with no lock held, settle the
permit whatever happens. Only an `Exception` that `is_failure` accepts counts as a failure; cancellation,
Ctrl-C and a bug in `is_failure` itself give the permit back uncounted and propagate.
"""

from __future__ import annotations

import functools
import inspect
import math
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from velvet_concurrency.breaker.core import Core, Permit
from velvet_concurrency.breaker.states import Snapshot, State
from velvet_concurrency.breaker.windows import CountWindow, TimeWindow

P = ParamSpec("P")
T = TypeVar("T")

# Permits of the `with` blocks that this thread or task is inside; a context is private to each.
_ENTERED: ContextVar[tuple[tuple[object, Permit], ...]] = ContextVar("velvet_breaker", default=())


def any_exception(error: Exception) -> bool:  # noqa: ARG001 - the shape of every `is_failure`
    """The default `is_failure`: every exception speaks against the dependency."""
    return True


class CircuitBreaker:
    """Refuse calls to a dependency that fails too often; thread-safe and safe between tasks.

    Arguments: `failure_rate` (0..1] opens the circuit once `min_calls` are in the window; the window is the
    last `window` calls (default 100) or, when `seconds` is given instead, that many whole seconds; `open_for`
    seconds later `half_open_calls` probes may pass, all must succeed. A call of `slow_call` seconds or more
    counts as failed even if it returns. `is_failure(error)` False means the dependency did answer.
    `on_change(old, new)` runs in the calling thread, after the lock is released. A probe that never returns keeps
    the circuit half-open: put a timeout inside the call.

    Raises `ValueError` for an argument out of range; calls raise `CircuitOpen` when refused.
    Cost: O(1) a call. Source: Nygard, "Release It!"; Azure "Circuit Breaker pattern".

    >>> breaker = CircuitBreaker(window=4, min_calls=2, open_for=30.0, clock=lambda: 0.0)
    >>> for _ in range(2):
    ...     try:
    ...         breaker.call(int, "no number")
    ...     except ValueError:
    ...         pass
    >>> breaker.state
    <State.OPEN: 'open'>
    """

    def __init__(
        self,
        failure_rate: float = 0.5,
        window: int | None = None,
        *,
        seconds: int | None = None,
        min_calls: int = 10,
        open_for: float = 30.0,
        half_open_calls: int = 1,
        slow_call: float | None = None,
        is_failure: Callable[[Exception], bool] = any_exception,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[State, State], None] | None = None,
    ) -> None:
        if not 0.0 < failure_rate <= 1.0:
            raise ValueError(f"failure_rate must be in (0, 1], not {failure_rate!r}")
        if not (math.isfinite(open_for) and open_for >= 0.0):
            raise ValueError(f"open_for must be finite and >= 0 seconds, not {open_for!r}")
        if slow_call is not None and not slow_call > 0.0:
            raise ValueError(f"slow_call must be > 0 seconds or None, not {slow_call!r}")
        _check_count("min_calls", min_calls)
        _check_count("half_open_calls", half_open_calls)
        self.is_failure = is_failure
        self._core = Core(
            _make_window(window, seconds, min_calls),
            failure_rate=failure_rate,
            min_calls=min_calls,
            open_for=open_for,
            half_open_calls=half_open_calls,
            slow_call=slow_call,
            clock=clock,
            on_change=on_change,
        )

    @property
    def state(self) -> State:
        """The state now; OPEN lasts until the first call after the pause."""
        return self._core.state

    def snapshot(self) -> Snapshot:
        """State and totals of the window, taken together."""
        return self._core.snapshot()

    def try_enter(self) -> Permit:
        """Take a permit by hand and settle it yourself; raises `CircuitOpen` when refused."""
        return self._core.try_enter()

    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `fn(*args, **kwargs)`; raises `CircuitOpen` when refused, else what `fn` raises."""
        core = self._core
        epoch = core.epoch
        permit = None if epoch.free else core.try_enter()
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            self._settle(permit or Permit(core, epoch, 0.0), error)
            raise
        if permit is None:
            core.clean_success(epoch)
        else:
            permit.success()
        return result

    async def acall(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `await fn(*args, **kwargs)`; as `call`, and cancellation counts as neither."""
        core = self._core
        epoch = core.epoch
        permit = None if epoch.free else core.try_enter()
        try:
            result = await fn(*args, **kwargs)
        except BaseException as error:
            self._settle(permit or Permit(core, epoch, 0.0), error)
            raise
        if permit is None:
            core.clean_success(epoch)
        else:
            permit.success()
        return result

    def __call__(self, fn: Callable[P, T]) -> Callable[P, T]:
        """Decorate a function or a coroutine function."""
        if inspect.iscoroutinefunction(fn):

            @functools.wraps(fn)
            async def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
                return await self.acall(fn, *args, **kwargs)

            return cast("Callable[P, T]", guarded)

        @functools.wraps(fn)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            return self.call(fn, *args, **kwargs)

        return wrapper

    def __enter__(self) -> Permit:
        """Guard a block; one breaker may be entered by many threads and tasks, and nested."""
        permit = self._core.try_enter()
        _ENTERED.set((*_ENTERED.get(), (self, permit)))
        return permit

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        entered = _ENTERED.get()
        at = max((i for i, (owner, _permit) in enumerate(entered) if owner is self), default=-1)
        if at < 0:
            raise RuntimeError("a breaker's `with` block ended in another context than it began in")
        _ENTERED.set(entered[:at] + entered[at + 1 :])
        self._settle(entered[at][1], error)

    async def __aenter__(self) -> Permit:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    def _settle(self, permit: Permit, error: BaseException | None) -> None:
        if error is None:
            permit.success()
        elif not isinstance(error, Exception):
            permit.ignored()
        else:
            try:
                failed = self.is_failure(error)
            except BaseException:
                permit.ignored()
                raise
            if failed:
                permit.failure()
            else:
                permit.success()


def _check_count(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be an int >= 1, not {value!r}")


def _make_window(
    window: int | None, seconds: int | None, min_calls: int
) -> CountWindow | TimeWindow:
    if seconds is not None:
        if window is not None:
            raise ValueError("give window (a number of calls) or seconds, not both")
        _check_count("seconds", seconds)
        return TimeWindow(seconds)
    size = 100 if window is None else window
    _check_count("window", size)
    if min_calls > size:
        raise ValueError(f"min_calls must be <= window, or it never opens: {min_calls!r} > {size}")
    return CountWindow(size)
