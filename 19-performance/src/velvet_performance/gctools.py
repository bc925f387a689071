"""The cyclic garbage collector: what it costs, how to watch its pauses, how to spare them.

Reference counts free almost everything at once; the collector looks for cycles among containers,
and looks more often the more of them are made. A program that builds a large structure pays for
looking again and again at objects that will stay. These context managers put everything back.
"""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@contextlib.contextmanager
def gc_paused() -> Iterator[None]:
    """Switch the collector off while the block runs; cycles made meanwhile wait for later."""
    was_on = gc.isenabled()
    try:  # before it is off: Ctrl-C may come as soon as the call has returned
        gc.disable()
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def gc_threshold(young: int) -> Iterator[None]:
    """Let the collector look only after that many new containers.

    Raises:
        ValueError: the number is below 1 (0 would switch it off, which `gc_paused` does by name).
    """
    if young < 1:
        raise ValueError(f"young is {young}: it must be at least 1")
    before = gc.get_threshold()
    try:
        gc.set_threshold(young, *before[1:])
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def gc_frozen() -> Iterator[None]:
    """Take everything that lives now out of the collector's sight while the block runs.

    The place for it is after start-up, before requests or forks: what was loaded is never looked
    at again. `gc.unfreeze` puts *all* frozen objects back, so blocks that nest end together.
    """
    gc.collect()
    try:
        gc.freeze()
        yield
    finally:
        gc.unfreeze()


@dataclass(frozen=True)
class Pause:
    """One collection: its generation, and how long nothing else ran.

    Attributes:
        at_s: seconds since the watch began.
    """

    generation: int
    at_s: float
    ms: float


@dataclass
class GCWatch:
    """Record each pause while the block runs; not for several threads at once."""

    pauses: list[Pause] = field(default_factory=list)
    clock: Callable[[], float] = time.perf_counter
    _began: float = 0.0
    _start: float = 0.0

    def __enter__(self) -> GCWatch:
        self._start = self.clock()
        try:
            gc.callbacks.append(self._told)
        except BaseException:  # Ctrl-C: `with` has not begun, and would not end it
            gc.callbacks.remove(self._told)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._told)

    def _told(self, phase: str, info: dict[str, Any]) -> None:
        now = self.clock()
        if phase == "start":
            self._began = now
            return
        spent = (now - self._began) * 1e3
        self.pauses.append(Pause(info["generation"], self._began - self._start, spent))

    @property
    def total_ms(self) -> float:
        """All pauses together."""
        return sum(pause.ms for pause in self.pauses)

    @property
    def longest_ms(self) -> float:
        """The longest pause; 0.0 when there was none."""
        return max((pause.ms for pause in self.pauses), default=0.0)
