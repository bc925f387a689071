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
import fnmatch
import itertools
import sys
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from velvet_devtools.debug.trace import Event, Trace
from velvet_devtools.debug.values import keep

Target = Callable[..., Any] | type | types.ModuleType | str
HAS_MONITORING = sys.version_info >= (3, 12)
BACKENDS = ("monitoring", "settrace") if HAS_MONITORING else ("settrace",)
# Ids 0 to 2 belong to debuggers, coverage and profilers by convention.
TOOL_IDS = (4, 3, 5, 0)


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
    """Return the code objects of functions, classes, modules and of loaded files by a pattern.

    Raises:
        ValueError: a target has no Python code, or a pattern fits no loaded module.
    """
    found: set[types.CodeType] = set()
    for target in targets:
        before = len(found)
        if isinstance(target, str):
            for module in list(sys.modules.values()):
                if fnmatch.fnmatch(getattr(module, "__file__", None) or "", target):
                    found |= code_of([module])
        else:
            for code in _code(target):
                found |= set(_nested(code))
        if len(found) == before and isinstance(target, str):
            raise ValueError(f"no loaded module's file fits {target!r}")
        if not found:
            raise ValueError(f"{target!r} has no Python code to trace")
    return found


def _code(target: Any) -> Iterator[types.CodeType]:
    if isinstance(target, type | types.ModuleType):
        home = target.__name__ if isinstance(target, types.ModuleType) else target.__module__
        for value in list(vars(target).values()):
            inner = getattr(value, "__func__", getattr(value, "fget", value))
            if isinstance(inner, types.FunctionType | type) and inner is not target:
                yield from _code(inner) if inner.__module__ == home else ()
        return
    function = getattr(target, "__func__", target)
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if isinstance(getattr(function, "__code__", None), types.CodeType):
        yield function.__code__


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
    """Record chosen functions while the `with` block runs; then ask `recorder.trace`.

    Args:
        targets: functions, classes, modules, or a pattern for the files of loaded modules.
        max_events: the ring keeps the newest so many; `trace.truncated` says whether some are gone.
        mode: ``delta`` (names that a line stores) or ``full`` (all locals on every line).
        watch: names whose value is looked at after every line, for objects that change in place.
        backend: ``monitoring`` or ``settrace``; the faster one that is here by default.

    A failure inside the recorder ends the recording, never the program; `trace.problem` names it.

    Raises:
        ValueError: an unknown mode or backend, no targets, or a target without Python code.
        RuntimeError: six other tools hold all ids of `sys.monitoring`.
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
        if mode not in ("delta", "full"):
            raise ValueError(f"mode is 'delta' or 'full', not {mode!r}")
        if backend not in BACKENDS:
            raise ValueError(f"backend is one of {', '.join(BACKENDS)}, not {backend!r}")
        if max_events < 1:
            raise ValueError(f"max_events must be at least 1, not {max_events}")
        self._codes = code_of(targets)
        if not self._codes:
            raise ValueError("name at least one function, class, module or file pattern")
        self._stores = {code: stored_names(code) for code in self._codes}
        self._events: deque[Event] = deque(maxlen=max_events)
        self._full = mode == "full"
        self._watch = tuple(watch)
        self._backend = backend
        self._running: dict[int, _Running] = {}
        self._here = threading.local()
        self._lanes = itertools.count()
        self._recorded = self._calls = 0
        self._problem = ""
        self._live = False
        self._tool = -1
        self._traced_before: tuple[Any, Any] = (None, None)

    @property
    def trace(self) -> Trace:
        """What was recorded so far."""
        return Trace(list(self._events), self._recorded - len(self._events), self._problem)

    def __enter__(self) -> Recorder:
        self._live = True
        if self._backend == "monitoring":
            self._start_monitoring()
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

    # What happens, whatever the back end.

    def _began(self, frame: types.FrameType) -> None:
        code = frame.f_code
        running = self._running.get(id(frame))
        if running is None:  # else a generator goes on
            self._calls += 1
            running = _Running(self._calls, self._stores[code], 0)
            self._running[id(frame)] = running
            values = {name: keep(value) for name, value in frame.f_locals.items()}
        else:
            values = {}
        self._add(running, code, frame.f_lineno, "call", values)

    def _line(self, frame: types.FrameType, line: int) -> None:
        running = self._running.get(id(frame))
        if running is None:
            return  # it was running when recording began
        self._add(running, frame.f_code, line, "line", self._changes(frame, running))
        running.line = line

    def _ended(self, frame: types.FrameType, result: Any, kind: str, *, goes_on: bool) -> None:
        running = self._running.get(id(frame))
        if running is None:
            return
        values = self._changes(frame, running)
        if kind != "unwind":
            values = {**values, "return": keep(result)}
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
        at = 0 if kind == "line" else time.perf_counter_ns()
        self._recorded += 1
        self._events.append((lane, running.number, code, line, running.line, kind, values, at))

    def _guarded(self, happened: Callable[..., None], *args: Any, **more: Any) -> None:
        if not self._live:
            return
        try:
            happened(*args, **more)
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
            unwound = arg is None and running is not None and self._last_kind(running) == "raise"
            kind = "unwind" if unwound and not goes_on else "return"
            self._guarded(self._ended, frame, arg, kind, goes_on=goes_on)
        elif event == "exception":
            self._guarded(self._raised, frame, arg[1])
        return self._local_trace

    def _last_kind(self, running: _Running) -> str:
        newest = self._events[-1] if self._events else None
        same = newest is not None and newest[1] == running.number and newest[5] == "exception"
        return "raise" if same else ""

    # sys.monitoring: callbacks of one tool, set on the chosen code objects.

    def _start_monitoring(self) -> None:
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        for number in TOOL_IDS:
            if monitoring.get_tool(number) is None:
                self._tool = number
                break
        else:
            self._live = False
            raise RuntimeError("six tools hold all ids of sys.monitoring; end one of them")
        monitoring.use_tool_id(self._tool, "velvet_devtools.Recorder")
        events = monitoring.events
        get = sys._getframe

        def began(_: types.CodeType, __: int) -> None:
            self._guarded(self._began, get(1))

        def line(_: types.CodeType, number: int) -> None:
            if self._live:
                try:
                    self._line(get(1), number)
                except Exception as error:  # noqa: BLE001 - as in _guarded, without its call
                    self._guarded(_again, error)

        def returned(_: types.CodeType, __: int, result: Any) -> None:
            self._guarded(self._ended, get(1), result, "return", goes_on=False)

        def yielded(_: types.CodeType, __: int, result: Any) -> None:
            self._guarded(self._ended, get(1), result, "return", goes_on=True)

        def raised(code: types.CodeType, _: int, error: BaseException) -> None:
            if code in self._codes:
                self._guarded(self._raised, get(1), error)

        def unwound(code: types.CodeType, _: int, __: BaseException) -> None:
            if code in self._codes:
                self._guarded(self._ended, get(1), None, "unwind", goes_on=False)

        local = events.PY_START | events.PY_RESUME | events.LINE
        local |= events.PY_RETURN | events.PY_YIELD
        for event, callback in (
            (events.PY_START, began), (events.PY_RESUME, began), (events.LINE, line),
            (events.PY_RETURN, returned), (events.PY_YIELD, yielded), (events.RAISE, raised),
            (events.PY_UNWIND, unwound),
        ):  # fmt: skip
            monitoring.register_callback(self._tool, event, callback)
        monitoring.set_events(self._tool, events.RAISE | events.PY_UNWIND)
        for code in self._codes:
            monitoring.set_local_events(self._tool, code, local)

    def _stop_monitoring(self) -> None:
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        monitoring.set_events(self._tool, 0)
        for code in self._codes:
            monitoring.set_local_events(self._tool, code, 0)
        events = monitoring.events
        for event in (
            events.PY_START, events.PY_RESUME, events.LINE, events.PY_RETURN, events.PY_YIELD,
            events.RAISE, events.PY_UNWIND,
        ):  # fmt: skip
            monitoring.register_callback(self._tool, event, None)
        monitoring.free_tool_id(self._tool)


def _again(error: Exception) -> None:
    raise error


def _waits(frame: types.FrameType) -> bool:
    """Whether a generator or coroutine that `return`s to its caller only waits to go on."""
    code = frame.f_code
    flags = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR
    if not code.co_flags & flags or frame.f_lasti < 0:
        return False
    return dis.opname[code.co_code[frame.f_lasti]] in (
        "YIELD_VALUE",
        "YIELD_FROM",
        "RETURN_GENERATOR",
    )
