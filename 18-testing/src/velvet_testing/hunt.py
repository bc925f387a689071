"""A hunt for a bug: the interface of every strategy, what it returns, and how it is counted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar, Protocol

from velvet_testing.corpus import Program


@dataclass(frozen=True)
class Finding:
    """What a hunt found.

    Attributes:
        seconds: from the start of the hunt, shrinking included.
        executions: how often the program was exercised.
        counterexample: the input, the row or the calls that fail.
        shrunk: whether the counterexample was made small.
    """

    strategy: str
    seconds: float
    executions: int
    counterexample: str
    exception: str
    shrunk: bool


class Strategy(Protocol):
    """A way to look for a bug."""

    @property
    def name(self) -> str: ...

    @property
    def seeded(self) -> bool: ...

    def supports(self, p: Program) -> bool: ...

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None: ...


class Hunting:
    """Counts executions and turns an exception into a finding."""

    def __init__(self, strategy: str) -> None:
        self.strategy, self.executions = strategy, 0
        self.started, self._cpu = time.perf_counter(), time.process_time()

    def over(self, budget_s: float) -> bool:
        """Whether so many CPU seconds are spent: a busy machine changes no finding."""
        return time.process_time() - self._cpu > budget_s

    def finding(
        self, counterexample: str, error: BaseException, *, shrunk: bool = False
    ) -> Finding:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        seconds = time.perf_counter() - self.started
        return Finding(self.strategy, seconds, self.executions, counterexample, said, shrunk)


class Needs:
    """Supports a program whose kit has what is named."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    seeded: ClassVar[bool] = False

    def supports(self, p: Program) -> bool:
        """Whether the program's kit has what the strategy needs."""
        return not any(getattr(p.kit, need) in (None, ()) for need in self.needs)
