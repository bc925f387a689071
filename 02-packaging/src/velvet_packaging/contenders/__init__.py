"""One build backend, one file, the same names in each: a diff of two files is the difference.

Each says what it is called, what it needs, which kinds of project it builds, and which files and
which table of pyproject.toml it wants beside what PEP 621 says for all.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from velvet_packaging import programs
from velvet_packaging.errors import BackendMissing, PackagingLabError, UnknownName

if TYPE_CHECKING:
    from velvet_packaging.project import ProjectSpec

NAMES: tuple[str, ...] = tuple(
    found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")
)
PURE = tuple(name for name in NAMES if name != "maturin")


class Backend(Protocol):
    """What each file of this folder offers.

    Attributes:
        distribution: the name to install.
        requires: the build requirements, as pyproject.toml states them.
        build_backend: the object that front ends import (PEP 517).
        kinds: the kinds of project it can build.
        needs: programs that must be on the search path for any kind beside pure Python.
        needs_git: optional, true where the backend asks git for the files of an sdist.
    """

    distribution: str
    requires: tuple[str, ...]
    build_backend: str
    kinds: tuple[str, ...]
    needs: tuple[str, ...]

    def table(self, spec: ProjectSpec) -> str:
        """Return the smallest table of its own that it needs."""

    def files(self, spec: ProjectSpec) -> Mapping[str, str]:
        """Return the files that it needs beside the sources."""


@dataclass(frozen=True)
class Availability:
    """Whether a backend can work here.

    Attributes:
        reason: why it cannot, with the way out.
    """

    present: bool
    version: str = ""
    reason: str = ""


def load(name: str) -> Backend:
    """Return a backend by the name of its file; it need not be installed.

    Raises:
        UnknownName: there is no such file.
    """
    if name not in NAMES:
        raise UnknownName("backend", name, NAMES)
    return cast(Backend, importlib.import_module(f"{__name__}.{name}"))


def detect(name: str, kind: str = "pure") -> Availability:
    """Return whether a backend can build a kind of project here.

    Raises:
        UnknownName: there is no such backend.
    """
    backend = load(name)
    try:
        version = importlib.metadata.version(backend.distribution)
    except importlib.metadata.PackageNotFoundError:
        way = f"pip install {backend.distribution}"
        return Availability(False, reason=f"not installed: {way}")
    if kind not in backend.kinds:
        return Availability(False, version, f"{name} does not build {kind!r} projects")
    git = ("git",) if getattr(backend, "needs_git", False) else ()
    for program in git + (backend.needs if kind != "pure" else ()):
        if not _works(program):
            return Availability(False, version, f"{name} needs {program} on the search path")
    if kind == "cython":
        try:
            importlib.metadata.version("cython")
        except importlib.metadata.PackageNotFoundError:
            return Availability(False, version, "Cython is not installed: pip install cython")
    return Availability(True, version)


@functools.lru_cache
def _works(program: str) -> bool:
    """Return whether a program is there and runs: rustup leaves a cargo that only complains."""
    try:
        return programs.run([program, "--version"], timeout=60).rc == 0
    except PackagingLabError:
        return False


def demand(name: str, kind: str = "pure") -> Backend:
    """Return a backend that works here.

    Raises:
        BackendMissing: it does not; the message has the way out.
    """
    found = detect(name, kind)
    if not found.present:
        raise BackendMissing(found.reason)
    return load(name)
