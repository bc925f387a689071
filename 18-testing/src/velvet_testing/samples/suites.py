"""Suites of rising strength for one program, as callables that a worker process can unpickle."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from velvet_testing import corpus, strategies

BUDGET_S = 20.0


@dataclass(frozen=True)
class Suite:
    """Rows of a program's kit, then strategies with one seed.

    Attributes:
        share: how much of the rows is used; suites written half way are common.
    """

    program: str
    rows: tuple[str, ...] = ()
    hunters: tuple[str, ...] = ()
    share: float = 1.0
    max_examples: int = 40
    extra: tuple[str, ...] = ()

    @property
    def __name__(self) -> str:  # what a report calls the test
        return "+".join((*self.rows, *self.hunters))

    def __call__(self, module: ModuleType) -> None:
        """Raise when the module does not pass."""
        program = corpus.find(self.program)
        for table in self.rows:
            rows = getattr(program.kit, table)
            program.kit.hold(module, rows[: max(1, round(len(rows) * self.share))])
        program.kit.hold(module, self.extra)
        for name in self.hunters:
            options = (
                {}
                if name in ("snapshot", "fault_injection")
                else {
                    "shrink": False,
                    "max_examples": self.max_examples,
                }
            )
            hunter = strategies.by_name(name, **options)
            if hunter.supports(program):
                found = hunter.hunt(module, program, budget_s=BUDGET_S, seed=1)
                assert found is None, f"{found}"
