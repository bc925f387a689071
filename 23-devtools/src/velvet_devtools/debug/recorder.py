"""A time-travel recorder: which line of which call stored what, for chosen functions only.

Keeping all locals on every line is the obvious recorder, and it makes a loop hundreds of times
slower. Two ideas make it bearable. *Delta recording*: the bytecode says which names a line stores,
so only these are looked at when the line is done. *Local events*: `sys.monitoring` (PEP 669,
Python 3.12) fires for the chosen code objects alone, and code that is not traced runs at its own
speed; before 3.12 `sys.settrace` asks at every call of the program.

What a line changes inside an object (``rows.append(x)``) stores no name and is seen only for names
in `watch`. A loop that is written on one line is one event for `sys.monitoring`, and one for each
turn for `sys.settrace`.
"""

from __future__ import annotations

import dis
import inspect
import itertools
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from velvet_devtools.debug.trace import Event, Trace
from velvet_devtools.debug.values import keep

Target = Callable[..., Any]
MONITORING: Any = getattr(sys, "monitoring", None)
BACKENDS = ("settrace",) if MONITORING is None else ("monitoring", "settrace")
TOOL_IDS = (4, 3, 5, 0)  # 0 to 2 belong to debuggers, coverage and profilers by convention


def stored_names(code: types.CodeType) -> Mapping[int, tuple[str, ...]]:
    """Return line -> names that the line stores, read from the bytecode.

    >>> stored_names(compile("a, b = 1, 2", "", "exec"))[1]
    ('a', 'b')
    """
    line_at: dict[int, int] = {}
    for start, stop, line in code.co_lines():
        line_at.update(dict.fromkeys(range(start, stop, 2), line or 0))
    found: dict[int, dict[str, None]] = {}
    for step in dis.get_instructions(code):
        if not step.opname.startswith(("STORE_FAST", "STORE_NAME", "STORE_DEREF", "DELETE_")):
            continue
        # From 3.13 on one instruction may store two names, or store one and load one.
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        kept = found.setdefault(line_at[step.offset], {})
        kept.update(dict.fromkeys(name for name in names if isinstance(name, str)))
    return {line: tuple(names) for line, names in found.items()}


def code_of(targets: Iterable[Target]) -> set[types.CodeType]:
    """Return the code objects of functions and methods, with what is defined inside of them."""
    found: set[types.CodeType] = set()
    for target in targets:
        function = inspect.unwrap(getattr(target, "__func__", target))
        if not hasattr(function, "__code__"):
            raise ValueError(f"{target!r} has no Python code to trace")
        found |= set(_nested(function.__code__))
    if not found:
        raise ValueError("name at least one function")
    return found


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)


@dataclass(slots=True)
class _Running:
    """A call that is going on: its number and the line whose effects are not yet looked at."""

    number: int
    stores: Mapping[int, tuple[str, ...]]
    line: int


class Recorder:
    """Record functions and methods while the `with` block runs; then ask `recorder.trace`.

    Args:
        max_events: the ring keeps the newest so many; `trace.truncated` counts those that are gone.
        mode: ``delta`` (names that a line stores) or ``full`` (all locals on every line).
        watch: names whose value is looked at after every line, for objects that change in place.

    A failure inside the recorder ends the recording, never the program; `trace.problem` names it.
    RuntimeError means that six other tools hold all ids of `sys.monitoring`.
    """

    def __init__(
        self,
        targets: Iterable[Target],
        *,
        max_events: int = 200_000,
        mode: Literal["delta", "full"] = "delta",
        watch: Iterable[str] = (),
        backend: str = BACKENDS[0],
    ) -> None:
        if backend not in BACKENDS or mode not in ("delta", "full") or not max_events >= 1:
            why = f"no {backend!r} here, no mode {mode!r}, or no room for {max_events} events"
            raise ValueError(f"there is {why}")
        self._codes = code_of(targets)
        self._stores = {code: stored_names(code) for code in self._codes}
        self._events: deque[Event] = deque(maxlen=max_events)
        self._full = mode == "full"
        self._watch = tuple(watch)
        self._backend = backend
        self._running: dict[int, _Running] = {}
        self._here = threading.local()
        self._lanes = itertools.count()
        self._recorded = self._calls = 0
        self._problem, self._live = "", False

    @property
    def trace(self) -> Trace:
        """What was recorded so far."""
        return Trace(list(self._events), self._recorded - len(self._events), self._problem)

    def __enter__(self) -> Recorder:
        self._live = True
        if self._backend == "monitoring":
            self._tool = self._start_monitoring()
        else:
            self._traced_before = sys.gettrace(), threading.gettrace()
            threading.settrace(self._global_trace)
            sys.settrace(self._global_trace)
        return self

    def __exit__(self, *_: object) -> None:
        self._live = False
        if self._backend == "monitoring":
            self._stop_monitoring()
        else:
            here, threads = self._traced_before
            sys.settrace(here)
            threading.settrace(threads)
        self._running.clear()

    def _began(self, frame: types.FrameType) -> None:
        code = frame.f_code
        values: dict[str, Any] = {}
        if id(frame) not in self._running:  # else a generator goes on
            self._calls += 1
            self._running[id(frame)] = _Running(self._calls, self._stores[code], 0)
            values = {name: keep(value) for name, value in frame.f_locals.items()}
        self._add(self._running[id(frame)], code, frame.f_lineno, "call", values)

    def _line(self, frame: types.FrameType, line: int) -> None:
        running = self._running.get(id(frame))
        if running is None:
            return  # it was running when recording began
        self._add(running, frame.f_code, line, "line", self._changes(frame, running))
        running.line = line

    def _ended(self, frame: types.FrameType, result: Any, kind: str, goes_on: bool = False) -> None:
        running = self._running.get(id(frame))
        if running is None:
            return
        values = self._changes(frame, running)
        if kind == "return":
            values["return"] = keep(result)
        self._add(running, frame.f_code, frame.f_lineno, kind, values)
        running.line = 0
        if not goes_on:
            del self._running[id(frame)]

    def _raised(self, frame: types.FrameType, error: BaseException) -> None:
        running = self._running.get(id(frame))
        if running is not None:
            values = {"exception": keep(type(error).__name__)}
            self._add(running, frame.f_code, frame.f_lineno, "exception", values)

    def _changes(self, frame: types.FrameType, running: _Running) -> dict[str, Any]:
        if self._full:
            return {name: keep(value) for name, value in frame.f_locals.items()}
        names = running.stores.get(running.line, ())
        if self._watch:
            names = (*names, *(name for name in self._watch if name not in names))
        if not names:
            return {}
        here = frame.f_locals
        return {name: keep(here[name]) for name in names if name in here}

    def _add(
        self, running: _Running, code: types.CodeType, line: int, kind: str, values: dict[str, Any]
    ) -> None:
        try:
            lane = self._here.lane
        except AttributeError:
            lane = self._here.lane = next(self._lanes)
        self._recorded += 1
        self._events.append((lane, running.number, code, line, running.line, kind, values))

    def _guarded(self, happened: Callable[..., None], *args: Any) -> None:
        if not self._live:
            return
        try:
            happened(*args)
        except Exception as error:  # noqa: BLE001 - it must not reach the program that is traced
            self._live = False
            self._problem = f"recording ended: {type(error).__name__}: {error}"

    # sys.settrace: one function for calls, one for what happens inside a traced call.

    def _global_trace(self, frame: types.FrameType, event: str, _: Any) -> Any:
        if event != "call" or frame.f_code not in self._codes or not self._live:
            return None
        self._guarded(self._began, frame)
        return self._local_trace

    def _local_trace(self, frame: types.FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self._guarded(self._line, frame, frame.f_lineno)
        elif event == "return":
            goes_on = _waits(frame)
            running = self._running.get(id(frame))
            raised = arg is None and running is not None and self._raised_last(running)
            kind = "unwind" if raised and not goes_on else "return"
            self._guarded(self._ended, frame, arg, kind, goes_on)
        elif event == "exception":
            self._guarded(self._raised, frame, arg[1])
        return self._local_trace

    def _raised_last(self, running: _Running) -> bool:
        newest = self._events[-1] if self._events else None
        return newest is not None and newest[1] == running.number and newest[5] == "exception"

    # sys.monitoring: callbacks of one tool, set on the chosen code objects.

    def _start_monitoring(self) -> int:
        free = [number for number in TOOL_IDS if MONITORING.get_tool(number) is None]
        if not free:
            self._live = False
            raise RuntimeError("six tools hold all ids of sys.monitoring; end one of them")
        tool = free[0]
        MONITORING.use_tool_id(tool, "velvet_devtools.Recorder")
        for event, callback in self._callbacks().items():
            MONITORING.register_callback(tool, event, callback)
        events = MONITORING.events
        # Exceptions have no local events in 3.12: of other code they are looked at and let go.
        MONITORING.set_events(tool, events.RAISE | events.PY_UNWIND)
        local = events.PY_START | events.PY_RESUME | events.LINE
        for code in self._codes:
            MONITORING.set_local_events(tool, code, local | events.PY_RETURN | events.PY_YIELD)
        return int(tool)

    def _callbacks(self) -> dict[int, Callable[..., None]]:
        get, events, guarded = sys._getframe, MONITORING.events, self._guarded
        ended = self._ended
        return {
            events.PY_START: lambda _, __: guarded(self._began, get(1)),
            events.PY_RESUME: lambda _, __: guarded(self._began, get(1)),
            events.LINE: lambda _, line: guarded(self._line, get(1), line),
            events.PY_RETURN: lambda _, __, result: guarded(ended, get(1), result, "return"),
            events.PY_YIELD: lambda _, __, result: guarded(ended, get(1), result, "return", True),
            events.RAISE: lambda _, __, error: guarded(self._raised, get(1), error),
            events.PY_UNWIND: lambda _, __, ___: guarded(ended, get(1), None, "unwind"),
        }

    def _stop_monitoring(self) -> None:
        MONITORING.set_events(self._tool, 0)
        for code in self._codes:
            MONITORING.set_local_events(self._tool, code, 0)
        for event in self._callbacks():
            MONITORING.register_callback(self._tool, event, None)
        MONITORING.free_tool_id(self._tool)


def _waits(frame: types.FrameType) -> bool:
    """Whether a generator or coroutine that `return`s to its caller only waits to go on."""
    code = frame.f_code
    flags = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR
    if not code.co_flags & flags or frame.f_lasti < 0:
        return False
    waiting = ("YIELD_VALUE", "YIELD_FROM", "RETURN_GENERATOR")
    # Python 3.10 steps back before a YIELD_FROM, to run it again.
    here = code.co_code[
        frame.f_lasti : frame.f_lasti + (3 if sys.version_info < (3, 11) else 1) : 2
    ]
    return any(dis.opname[one] in waiting for one in here)
