"""A KeyboardInterrupt at every step, a cancellation at every await: where either can really come."""

from __future__ import annotations

import asyncio
import dis
import sys
import types
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

_STARTS = sys.version_info >= (3, 11)  # before, what is raised at a start meets no handler


@cache
def signal_points(code: types.CodeType) -> frozenset[int]:
    """Return where the interpreter lets a signal in, beside the start: after calls, on jumps back.

    Ctrl-C comes nowhere else: `lock.acquire()` before `try` may lose the lock, and what `with` does
    between the end of `__enter__` and its block may not. A call's own handler sees it, so a call
    whose next instruction has another one, as the last of a `try`, is left out.
    """
    entries = getattr(dis.Bytecode(code), "exception_entries", ())

    def handler(offset: int) -> int:
        return next((one.target for one in entries if one.start <= offset < one.end), -1)

    found, before = set(), None
    for one in dis.get_instructions(code):
        if before is not None and before.opname.startswith(("CALL", "YIELD_VALUE")):
            # A coroutine that is dropped before it begins: nothing can follow.
            awaited = one.opname == "GET_AWAITABLE" or "INTRINSIC" in before.opname
            if not awaited and handler(before.offset) == handler(one.offset):
                found.add(one.offset)
        if one.opname in ("JUMP_BACKWARD", "JUMP_ABSOLUTE"):
            found.add(one.offset)
        before = before if one.opname == "EXTENDED_ARG" else one
    return frozenset(found)


def block() -> None:
    """Stand for what is done while it is held."""
    id(None)  # after a call an interrupt comes on every version of Python


class Interrupt:
    """A KeyboardInterrupt at the step-th place; a step of 0 only counts the places.

    The start of `__exit__` is left out: against it no class written in Python can defend itself.
    """

    def __init__(self, step: int, inside: str) -> None:
        self.step, self.inside, self.count, self.where, self.lesson = step, inside, 0, "", False

    def __enter__(self) -> Interrupt:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: types.FrameType, event: str, _: object) -> Any:
        code = frame.f_code
        if self.inside not in code.co_filename.replace("\\", "/") and code is not block.__code__:
            return None
        frame.f_trace_opcodes = True
        starts = event == "call" and _STARTS and code.co_name not in ("__exit__", "__aexit__")
        if starts or (event == "opcode" and frame.f_lasti in signal_points(code)):
            self.count += 1
            self.lesson |= code is not block.__code__
            if self.count == self.step:
                self.where = f"{Path(code.co_filename).name}:{frame.f_lineno} in {code.co_name}"
                raise KeyboardInterrupt
        return self._trace


@types.coroutine
def cancelling(work: Any, step: int, served: bool, seen: list[int]) -> Generator[Any, Any, Any]:
    """Await what is given; its task is cancelled at the step-th await, before or after the answer."""
    inner, error = work.__await__(), None
    while True:
        try:
            awaited = inner.throw(error) if error else inner.send(None)
        except StopIteration as stop:
            return stop.value
        seen[0], error = seen[0] + 1, None
        now, task = seen[0] == step, asyncio.current_task()
        if now and not served and task:
            task.cancel()
        try:
            yield awaited
        except BaseException as caught:  # noqa: BLE001 - it goes on where it belongs
            error = caught
        if now and served and error is None and task:
            task.cancel()  # between the answer and the turn in which it is seen
            try:
                yield
            except asyncio.CancelledError as caught:
                error = caught
