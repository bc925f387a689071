"""Which lines, and which steps from line to line, one call ran: the eye of a guided fuzzer.

Python 3.12 can report lines through `sys.monitoring`, where a callback may switch a location off
for good; before that, `sys.settrace` calls Python code for every line. Both backends return the
same sets, which a test compares with coverage.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from types import CodeType, FrameType
from typing import Any

Edges = frozenset[tuple[int, int]]
BACKENDS = ("monitoring", "settrace") if sys.version_info >= (3, 12) else ("settrace",)
TOOL_ID = 4  # 0, 1, 2 and 5 are reserved for debuggers, coverage, profilers and optimisers


class ProbeBusy(RuntimeError):
    """Another tool owns the id that this probe needs."""


class EdgeCollector:
    """Collect line edges of the files that are named.

    Args:
        files: file names of the code objects to watch.
        backend: ``monitoring`` or ``settrace``; the fastest that this Python has.
        once: report each line's first visit alone and then switch it off (monitoring only): the
            set of lines stays right, the edges do not, and loops run at full speed.
    """

    def __init__(
        self, files: Collection[str], *, backend: str = BACKENDS[0], once: bool = False
    ) -> None:
        if backend not in BACKENDS:
            raise ValueError(f"backend {backend!r}: this Python has {', '.join(BACKENDS)}")
        self._files, self._backend, self._once = frozenset(files), backend, once
        self._edges: set[tuple[int, int]] = set()
        self._last = 0
        self._before: Any = None
        self._active = False

    def collect(self, call: Callable[..., Any], *args: Any) -> tuple[Edges, Exception | None]:
        """Call, and return the edges that it took and the exception that it raised.

        Raises:
            ProbeBusy: the tool id of `sys.monitoring` is taken.
        """
        self.start()
        error = None
        try:
            call(*args)
        except Exception as found:  # noqa: BLE001 - the caller judges what was raised
            error = found
        finally:
            edges = self.stop()
        return edges, error

    def start(self) -> None:
        """Begin to watch this thread."""
        self._edges, self._last = set(), 0
        self._active = True
        if self._backend == "monitoring":
            self._monitor()
        else:
            self._before = sys.gettrace()
            sys.settrace(self._globally)

    def stop(self) -> Edges:
        """End, and return the edges since `start`; nothing when it was not started."""
        if not self._active:
            return frozenset()
        self._active = False
        if self._backend == "monitoring":  # pragma: no cover - Python 3.12
            monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
            monitoring.set_events(TOOL_ID, 0)
            monitoring.register_callback(TOOL_ID, monitoring.events.LINE, None)
            monitoring.free_tool_id(TOOL_ID)
        else:
            sys.settrace(self._before)
        return frozenset(self._edges)

    def _step(self, line: int) -> None:
        self._edges.add((self._last, line))
        self._last = line

    def _monitor(self) -> None:  # pragma: no cover - Python 3.12
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
        owner = monitoring.get_tool(TOOL_ID)
        if owner is not None:
            raise ProbeBusy(f"tool id {TOOL_ID} belongs to {owner}")
        files, step, once, off = self._files, self._step, self._once, monitoring.DISABLE

        def on_line(code: CodeType, line: int) -> Any:
            if code.co_filename not in files:
                return off
            step(line)
            return off if once else None

        monitoring.use_tool_id(TOOL_ID, "velvet_testing")
        monitoring.register_callback(TOOL_ID, monitoring.events.LINE, on_line)
        monitoring.restart_events()
        monitoring.set_events(TOOL_ID, monitoring.events.LINE)

    def _globally(self, frame: FrameType, _event: str, _arg: Any) -> Any:  # pragma: no cover
        return self._locally if frame.f_code.co_filename in self._files else None

    def _locally(self, frame: FrameType, event: str, _arg: Any) -> Any:  # pragma: no cover
        if event == "line":
            self._step(frame.f_lineno)
        return self._locally
