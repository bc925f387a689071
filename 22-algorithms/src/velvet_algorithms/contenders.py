"""The register of contenders: one workload a family, many ways of doing it, equal answers.

A family (say `sorted`) has one workload, which makes its input from a size and a seed, and
several contenders, each of which turns that input into the same answer: a built-in, our own
structure, a Python library, a compiled one. A contender is a *set-up*: it receives the input,
does what is not to be timed and returns the callable that is. The same rows serve the
benchmarks, the dashboard and the tests, and `check` compares their answers before anybody
times them. Registrations live in the files of `velvet_algorithms.families`; an import of one
of them registers and does nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal, TypeVar, get_args

Kind = Literal["builtin", "ours", "python", "compiled", "numpy", "numba"]
Make = Callable[[int, int], Any]
Setup = Callable[[Any], Callable[[], Any]]
M = TypeVar("M", bound=Make)
S = TypeVar("S", bound=Setup)
KINDS: tuple[str, ...] = get_args(Kind)
FOLDER = "velvet_algorithms.families"


class Disagreement(AssertionError):
    """Two contenders of one family gave different answers to the same input."""


@dataclass(frozen=True)
class Contender:
    """One way of doing a family's work.

    Attributes:
        setup: receives the workload's input and returns the callable that is timed.
        needs: the distribution without which it is absent; empty for none.
        most: the largest size at which it ends in reasonable time; None for no limit.
    """

    family: str
    name: str
    kind: Kind
    setup: Setup
    needs: str = ""
    most: int | None = None

    @property
    def absent(self) -> str:
        """Why it cannot run here and the command that changes this; empty when it can."""
        if not self.needs:
            return ""
        try:
            metadata.version(self.needs)
        except metadata.PackageNotFoundError:
            return f"{self.needs} is not installed (pip install {self.needs})"
        return ""

    def takes(self, n: int) -> bool:
        """Whether it is to be asked at size `n`."""
        return self.most is None or n <= self.most

    def prepare(self, n: int, *, seed: int = 0) -> Callable[[], Any]:
        """Make the family's input of size `n` and return the callable that is timed."""
        return self.setup(_workloads[self.family](n, seed))


_workloads: dict[str, Make] = {}
_contenders: dict[str, list[Contender]] = {}


def workload(family: str) -> Callable[[M], M]:
    """Register the function `(n, seed) -> input` that makes a family's input.

    Raises:
        ValueError: the family has a workload already.
    """

    def register(make: M) -> M:
        if family in _workloads:
            raise ValueError(f"family {family!r} has a workload already; one is the rule")
        _workloads[family] = make
        return make

    return register


def contender(
    family: str, name: str, kind: Kind, *, needs: str = "", most: int | None = None
) -> Callable[[S], S]:
    """Register a set-up `(input) -> callable` as a contender of a family.

    The set-up imports what it needs itself, so that an absent library harms nobody else.

    Raises:
        ValueError: the kind is unknown, or the family has a contender of that name.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")

    def register(setup: S) -> S:
        known = _contenders.setdefault(family, [])
        if any(one.name == name for one in known):
            raise ValueError(f"family {family!r} has a contender called {name!r} already")
        known.append(Contender(family, name, kind, setup, needs, most))
        return setup

    return register


def families() -> list[str]:
    """Return the names of all families, sorted; the files of the folder are imported for it."""
    folder = importlib.import_module(FOLDER)
    for found in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{FOLDER}.{found.name}")
    return sorted(_workloads)


def contenders(family: str) -> list[Contender]:
    """Return a family's contenders in the order of their registration, absent ones included.

    Raises:
        ValueError: there is no such family; the known ones are named.
    """
    known = families()
    if family not in known:
        raise ValueError(f"there is no family {family!r}; known are {', '.join(known)}")
    return list(_contenders.get(family, ()))


def check(family: str, seed: int = 0, *, n: int = 200) -> list[str]:
    """Run every contender that can run on equal inputs and compare their answers.

    Each contender receives an input of its own, made from the same seed, so that none can spoil
    it for the next one.

    Returns:
        The names of those that agreed, in order; the absent ones are not among them.

    Raises:
        Disagreement: naming two contenders and the answers in which they differ.
        ValueError: there is no such family.
    """
    agreed: list[str] = []
    first: Any = None
    for one in contenders(family):
        if one.absent or not one.takes(n):
            continue
        answer = one.prepare(n, seed=seed)()
        if not agreed:
            first = answer
        elif not _equal(first, answer):
            raise Disagreement(
                f"{family}, n={n}, seed={seed}: {agreed[0]} says {_short(first)}, "
                f"{one.name} says {_short(answer)}"
            )
        agreed.append(one.name)
    return agreed


def library(name: str) -> Any:
    """Import an optional library at the call; untyped, as most of them are."""
    return importlib.import_module(name)


def _equal(first: Any, second: Any) -> bool:
    same = first == second
    return bool(same.all()) if hasattr(same, "all") else bool(same)


def _short(answer: Any, most: int = 80) -> str:
    text = repr(answer)
    return text if len(text) <= most else f"{text[: most - 3]}..."
