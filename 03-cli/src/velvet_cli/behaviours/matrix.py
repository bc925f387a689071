"""All rules against all front ends: the table, and its storage per framework version."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from velvet_cli.behaviours.rows import BEHAVIOURS
from velvet_cli.behaviours.subject import Behaviour, Seen, Subject

Key = tuple[str, str]
SKIPPED = Seen(False, "skipped: signals and terminals of this kind exist on POSIX only")


class Matrix(NamedTuple):
    """What was seen: (front end, rule's id) -> `Seen`."""

    hardened: bool
    cells: Mapping[Key, Seen]

    def passed(self, name: str) -> int:
        """Count the rules that a front end keeps."""
        return sum(seen.passed for (who, _), seen in self.cells.items() if who == name)

    def column(self, name: str) -> dict[str, str]:
        """Return a front end's column as it is stored: id -> ``pass: what`` or ``fail: what``."""
        return {
            id: f"{'pass' if seen.passed else 'fail'}: {seen.what}"
            for (who, id), seen in self.cells.items()
            if who == name and seen is not SKIPPED
        }


def run_matrix(
    names: Iterable[str],
    *,
    hardened: bool,
    behaviours: Sequence[Behaviour] = BEHAVIOURS,
    workers: int = 2,
) -> Matrix:
    """Look at every front end with every rule, each in a folder of its own.

    Args:
        names: front ends whose frameworks are installed.
        hardened: which form of them.
        workers: how many are looked at at a time.
    """
    work = [(name, behaviour) for name in names for behaviour in behaviours]
    with ThreadPoolExecutor(workers) as pool:
        seen = pool.map(lambda one: look(*one, hardened=hardened), work)
        cells = {(n, b.id): found for (n, b), found in zip(work, seen, strict=True)}
    return Matrix(hardened, cells)


def look(name: str, behaviour: Behaviour, *, hardened: bool) -> Seen:
    """Look at one front end with one rule."""
    if behaviour.posix and sys.platform == "win32":
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        return behaviour.look(Subject(name, hardened=hardened, folder=Path(folder)))
