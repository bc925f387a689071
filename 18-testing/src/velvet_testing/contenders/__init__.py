"""Mutation engines, one file each, the same function in each: a diff of two is the difference.

`mutate(project)` mutates a project's one source, runs its tests against each mutant, and returns
what was counted.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

NAMES: tuple[str, ...] = tuple(
    found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")
)
PATIENCE_S = 600.0


@dataclass(frozen=True)
class Project:
    """A folder with one source and one file of tests."""

    folder: Path
    name: str

    @property
    def source(self) -> Path:
        """The program."""
        return self.folder / "src" / f"{self.name}.py"

    @property
    def tests(self) -> Path:
        """Its tests."""
        return self.folder / "tests" / f"test_{self.name}.py"


@dataclass(frozen=True)
class EngineResult:
    """What an engine counted; dead are the mutants that were killed or timed out."""

    mutants: int
    dead: int
    cpu_s: float
    wall_s: float

    @property
    def score(self) -> float:
        """The share of mutants that did not survive."""
        return self.dead / self.mutants

    @property
    def cpu_per_mutant(self) -> float:
        """CPU seconds for each mutant, the start of the engine included."""
        return self.cpu_s / self.mutants


def load(name: str) -> ModuleType:
    """Return the contender of that name.

    Raises:
        KeyError: no file is called so.
    """
    if name not in NAMES:
        raise KeyError(f"unknown contender {name!r}: choose one of {', '.join(NAMES)}")
    return importlib.import_module(f"{__name__}.{name}")
