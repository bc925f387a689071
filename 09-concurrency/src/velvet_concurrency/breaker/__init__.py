"""A circuit breaker: stop calling a dependency that is down, and notice when it is back.

A dead dependency is worse than an absent one: every caller waits for its timeout, holds a thread or a
connection while doing so, and the failure spreads upwards. A breaker counts outcomes, refuses at once when
too many fail, and lets a few probes through after a pause. The state machine (`core`) knows nothing of
threads, tasks or functions, so the blocking and the asynchronous forms here cannot differ. Each does the
same three things: take a permit, run the caller's code with no lock held, settle the permit whatever
happens. Only an `Exception` that `is_failure` accepts counts as a failure; cancellation, Ctrl-C and a bug
in `is_failure` itself return the permit uncounted and propagate.
Sources: M. Nygard, "Release It!" (2nd ed., chapter 5); Microsoft Azure Architecture Center, "Circuit
Breaker pattern".
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from types import AsyncGeneratorType, FrameType, GeneratorType
from typing import Any, ParamSpec, TypeVar

from velvet_concurrency.breaker.core import CircuitOpen, Core, CountWindow, Permit, Snapshot, State
from velvet_concurrency.clock import Clock
from velvet_concurrency.runtime import check_int

__all__ = ["CircuitBreaker", "CircuitOpen", "Permit", "Snapshot", "State"]

P = ParamSpec("P")
T = TypeVar("T")


class CircuitBreaker:
    """Refuse calls to a dependency that fails too often; thread-safe and safe between tasks.

    `failure_rate` (0..1] opens the circuit once `min_calls` are in the window of the last `window` calls;
    `open_for` seconds later `half_open_calls` probes may pass, all of which must succeed. A call of
    `slow_call` seconds or more counts as failed even if it returns. `is_failure(error)` False means the
    dependency did answer. `on_change(old, new)` runs in the calling thread, after the lock is released. A
    probe that never returns keeps the circuit half-open: put a timeout inside the call. A permit that is
    dropped unsettled, as by Ctrl-C, is returned.

    A call has not succeeded before its result is complete: an awaitable, a generator or an asynchronous
    generator that a function returns is guarded until it ends. One that is left early counts as neither.

    Raises `ValueError` for an argument out of range; calls raise `CircuitOpen` when refused. O(1) a call.

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
        window: int = 100,
        *,
        min_calls: int = 10,
        open_for: float = 30.0,
        half_open_calls: int = 1,
        slow_call: float | None = None,
        is_failure: Callable[[Exception], bool] = lambda _: True,
        clock: Clock = time.monotonic,
        on_change: Callable[[State, State], None] | None = None,
    ) -> None:
        if not 0.0 < failure_rate <= 1.0:
            raise ValueError(f"failure_rate must be in (0, 1], not {failure_rate!r}")
        if not (math.isfinite(open_for) and open_for >= 0.0):
            raise ValueError(f"open_for must be finite and >= 0 seconds, not {open_for!r}")
        if slow_call is not None and not slow_call > 0.0:
            raise ValueError(f"slow_call must be > 0 seconds or None, not {slow_call!r}")
        check_int("window", window, 1)
        check_int("min_calls", min_calls, 1)
        check_int("half_open_calls", half_open_calls, 1)
        if min_calls > window:
            raise ValueError(
                f"min_calls must be <= window, not {min_calls!r} > {window!r}: it never opens"
            )
        self._core = Core(
            CountWindow(window),
            failure_rate=failure_rate,
            min_calls=min_calls,
            open_for=open_for,
            half_open_calls=half_open_calls,
            slow_call=slow_call,
            is_failure=is_failure,
            clock=clock,
            on_change=on_change,
        )
        self._blocks: dict[int, list[Permit]] = {}  # permits of `with` blocks, by their frame

    @property
    def state(self) -> State:
        """The state now; OPEN lasts until the first call after the pause."""
        return self._core.epoch.state

    def snapshot(self) -> Snapshot:
        """Return state and totals of the window, taken together."""
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
            (permit or Permit(core, epoch, 0.0)).settle(error)
            raise
        kind = type(result)
        if kind is GeneratorType or kind is AsyncGeneratorType or hasattr(kind, "__await__"):
            if permit is not None:
                permit.ignored()  # nothing has been asked yet: what follows takes its own
            return self._guarded(result)  # type: ignore[no-any-return]
        if permit is not None:
            permit.success()
        elif not core.is_clean():
            core.settle(None, epoch, 0)
        return result

    async def acall(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `await fn(*args, **kwargs)`; as `call`, and cancellation counts as neither."""
        core = self._core
        epoch = core.epoch
        if not epoch.free:
            with core.try_enter():
                return await fn(*args, **kwargs)
        try:
            result = await fn(*args, **kwargs)
        except BaseException as error:
            Permit(core, epoch, 0.0).settle(error)
            raise
        if not core.is_clean():
            core.settle(None, epoch, 0)
        return result

    def __call__(self, fn: Callable[P, T]) -> Callable[P, T]:
        """Decorate any callable: function, coroutine function, generator, object, partial."""
        inner: Any = fn
        while isinstance(inner, functools.partial):
            inner = inner.func
        if not inspect.isroutine(inner) and not inspect.isclass(inner):
            inner = inner.__call__  # the kind of an object is that of its method
        result: Any
        if inspect.iscoroutinefunction(inner):

            @functools.wraps(fn)
            async def result(*args: P.args, **kwargs: P.kwargs) -> Any:
                return await self.acall(fn, *args, **kwargs)  # type: ignore[arg-type]

        elif inspect.isgeneratorfunction(inner):

            @functools.wraps(fn)
            def result(*args: P.args, **kwargs: P.kwargs) -> Any:
                return (yield from self._steps(fn(*args, **kwargs)))  # type: ignore[arg-type]

        else:

            @functools.wraps(fn)
            def result(*args: P.args, **kwargs: P.kwargs) -> Any:
                return self.call(fn, *args, **kwargs)

        return result  # type: ignore[no-any-return]

    def __enter__(self) -> Permit:
        """Guard a block; one breaker may be entered by many threads and tasks, and nested.

        The permit belongs to the frame that runs the block, wherever that frame is resumed: a generator
        may be advanced in one task and closed in another. To enter in one function and leave in another,
        use `try_enter`.
        """
        block, permit = _block_of(sys._getframe(1)), None
        try:
            permit = self._core.try_enter()
            self._blocks.setdefault(block, []).append(permit)
        except BaseException:  # also Ctrl-C, after which no one leaves the block
            if permit in self._blocks.get(block, ()):
                self._leave(block)
            raise
        return permit

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        depth = 0
        try:
            block = _block_of(sys._getframe(1))
            depth = len(self._blocks.get(block, ()))
            self._leave(block).settle(error)
        except KeyboardInterrupt:
            block = _block_of(sys._getframe(1))
            if depth in (0, len(self._blocks.get(block, ()))):
                self._leave(block)  # and what is dropped counts as neither
            raise

    # Not coroutines: their caller is the frame of the block.
    def __aenter__(self) -> Awaitable[Permit]:
        permit = self._core.try_enter()
        self._blocks.setdefault(_block_of(sys._getframe(1)), []).append(permit)
        return _done(permit)

    def __aexit__(
        self, kind: object, error: BaseException | None, _trace: object
    ) -> Awaitable[None]:
        self._leave(_block_of(sys._getframe(1))).settle(error)
        return _done(None)

    def _leave(self, block: int) -> Permit:
        permits = self._blocks.get(block)
        if permits is None:
            raise RuntimeError(
                "a breaker was left by a function that did not enter it: use try_enter"
            )
        if len(permits) == 1:
            del self._blocks[block]
        return permits.pop()

    def _guarded(self, result: Any) -> Any:
        if isinstance(result, GeneratorType):
            return self._steps(result)
        if isinstance(result, AsyncGeneratorType):
            return self._asteps(result)
        return self._awaited(result)

    async def _awaited(self, result: Awaitable[T]) -> T:
        try:
            permit = self._core.try_enter()
        except CircuitOpen:
            getattr(result, "close", lambda: None)()  # a coroutine that is never awaited warns
            raise
        with permit:
            return await result

    def _steps(self, steps: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        with self._core.try_enter():
            return (yield from steps)

    async def _asteps(self, steps: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
        with self._core.try_enter(), contextlib.suppress(StopAsyncIteration):
            item = await anext(steps)
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    await steps.aclose()
                    raise
                except BaseException as thrown:  # noqa: BLE001 - the inner one decides
                    item = await steps.athrow(thrown)
                else:
                    item = await steps.asend(sent)


async def _done(value: T) -> T:
    return value


def _block_of(frame: FrameType) -> int:
    """Return the frame of a `with` statement, also when an `ExitStack` stands in between, as its id."""
    while frame.f_globals.get("__name__") == "contextlib" and frame.f_back is not None:
        frame = frame.f_back
    return id(frame)
