"""Undo: commands that can take back what they did.

Commands of one key within half a second become one step (typing), `macro` makes one step of many,
and a mark says whether the document is as it was saved. A command whose `do` raises is not kept.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

MERGE_S = 0.5


@dataclass
class Command:
    """One step: how to do it, how to take it back, what to call it.

    Attributes:
        key: steps of one key that follow within half a second are merged; empty for never.
    """

    text: str
    do: Callable[[], object]
    undo: Callable[[], object]
    key: str = ""


def _each(steps: list[Command], how: str) -> None:
    """Move every step of a macro, or none: what was moved before one that raises is moved back."""
    moved: list[Command] = []
    try:
        for step in steps:
            getattr(step, how)()
            moved.append(step)
    except BaseException:
        for step in reversed(moved):
            getattr(step, "undo" if how == "do" else "do")()
        raise


class UndoStack:
    """What was done, and what was taken back.

    Args:
        limit: steps that are remembered; older ones can no longer be taken back.
    """

    def __init__(self, limit: int = 1_000, *, clock: Callable[[], float] = time.monotonic) -> None:
        if not limit >= 1:
            raise ValueError(f"limit is {limit}: at least one step")
        self._done: deque[Command] = deque()
        self._undone: list[Command] = []
        self._limit, self._clock = limit, clock
        self._last = float("-inf")
        self._macro: list[Command] | None = None
        self._clean: int | None = 0  # number of steps at which the document was saved

    def push(self, command: Command) -> None:
        """Do a command and remember it; O(1)."""
        command.do()
        if self._macro is not None:
            self._macro.append(command)
            return
        self._remember(command)

    def _remember(self, command: Command) -> None:
        self._undone.clear()
        now, last = self._clock(), self._done[-1] if self._done else None
        soon = now - self._last <= MERGE_S
        self._last = now
        if self._clean is not None and self._clean > len(self._done):
            self._clean = None  # the saved state was among what is now forgotten
        clean_here = self._clean == len(self._done)
        if last is not None and command.key and last.key == command.key and soon and not clean_here:
            self._done[-1] = Command(command.text, command.do, last.undo, command.key)
            return
        self._done.append(command)
        if len(self._done) > self._limit:
            self._done.popleft()
            self._clean = self._clean - 1 if self._clean else None

    @contextmanager
    def macro(self, text: str) -> Iterator[None]:
        """Make one step of all that is pushed inside; taken back at once if the block raises."""
        if self._macro is not None:
            raise RuntimeError("a macro inside a macro: end the first one before")
        steps: list[Command] = []
        self._macro = steps
        try:
            yield
        except BaseException:
            _each(steps[::-1], "undo")
            raise
        else:
            if steps:
                again, back = partial(_each, steps, "do"), partial(_each, steps[::-1], "undo")
                self._remember(Command(text, again, back))
        finally:
            self._macro = None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._undone)

    def undo(self) -> str:
        """Take the last step back; returns its text, empty when there is none."""
        return self._move(self._done, self._undone, "undo")

    def redo(self) -> str:
        """Do the step that was taken back last; returns its text, empty when there is none."""
        return self._move(self._undone, self._done, "do")

    def _move(
        self, here: deque[Command] | list[Command], there: deque[Command] | list[Command], how: str
    ) -> str:
        if not here:
            return ""
        getattr(here[-1], how)()  # still here if it raises
        command = here.pop()
        there.append(command)
        self._last = float("-inf")
        return command.text

    def mark_clean(self) -> None:
        """Say that the document is saved as it is now."""
        self._clean = len(self._done)

    @property
    def is_clean(self) -> bool:
        """Whether the document is as it was saved."""
        return self._clean == len(self._done)

    def __len__(self) -> int:
        return len(self._done)
