"""Ways of doing the same work: one file a library, the same function names in each.

A function is named after the workload whose input it takes (see `samples.workloads`). It does what is not
to be timed and returns the callable that is, so a diff of two files is the difference between two
libraries. Where a file knows several ways of doing one work, a dictionary of that name holds them.
Libraries are imported inside the functions: a missing one costs its own row only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from velvet_algorithms.samples import workloads

G = TypeVar("G")
A = TypeVar("A")
Setup = Callable[[Any], Any]
NAMES = tuple(
    sorted(
        (path.stem for path in Path(__file__).parent.glob("[a-z]*.py")),
        key=lambda name: (name not in ("builtin", "ours"), name),
    )
)


def timed(work: Callable[[G], A]) -> Callable[[G], Callable[[], A]]:
    """Return the set-up of a work in which nothing is to be prepared: all of it is timed."""
    return lambda given: partial(work, given)


@dataclass(frozen=True)
class Way:
    """One way of doing some work.

    Attributes:
        setup: receives the workload's input and returns the callable that is timed.
        needs: the distributions without which it is absent.
    """

    work: str
    name: str
    setup: Setup
    needs: tuple[str, ...]

    def prepare(self, n: int, seed: int = 0) -> Callable[[], Any]:
        """Make the workload's input of size `n` and return the callable that is timed."""
        run: Callable[[], Any] = self.setup(getattr(workloads, self.work)(n, seed))
        return run


def load(name: str) -> ModuleType:
    """Import one library's file; the library itself is imported when it is used.

    Raises:
        ValueError: there is no such file.
    """
    if name not in NAMES:
        raise ValueError(f"contender must be one of {', '.join(NAMES)}, not {name!r}")
    return import_module(f"{__name__}.{name}")


def ways(work: str) -> list[Way]:
    """Return every way of doing some work, our own and the built-in ones first.

    Raises:
        ValueError: no file knows this work.
    """
    found = []
    for file in NAMES:
        module = load(file)
        known = getattr(module, work, {})
        named: Mapping[str, Setup] = known if isinstance(known, Mapping) else {file: known}
        needs = (module.NEEDS,) if module.NEEDS else ()
        found += [Way(work, name, setup, needs) for name, setup in named.items()]
    if not found:
        raise ValueError(f"no contender does the work {work!r}")
    return found
