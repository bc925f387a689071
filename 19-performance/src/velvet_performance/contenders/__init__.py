"""The profilers, one a file, each with the same three questions: can you, watch this, what was it?

A file says in `KIND` how it works and in `MEASURES` what it counts. `SCALE` is the fraction of a
program's size that it can watch in bearable time; its overhead is compared with a bare run of the
same size. A tool inside the process has `record`, a tool outside it has `command`; both have
`read`, which turns what was written into a `Profile`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

NAMES = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


@dataclass(frozen=True)
class Watch:
    """What a tool is told: the parts of the program, its folder, its setting."""

    parts: tuple[Callable[..., Any], ...]
    folder: Path
    variant: str = ""
    program: str = ""


class Contender(Protocol):
    """What every file offers; `record` or `command` is missing in some.

    Attributes:
        KIND: call-trace, line-trace, sampling or memory.
        MEASURES: cpu, wall or bytes.
        PACKAGE: the distribution that it needs; empty for the standard library.
        VARIANTS: its settings; the first is its default.
        MAJORS: the major versions that its adapter was written for.
    """

    KIND: str
    MEASURES: str
    PACKAGE: str
    SCALE: float
    VARIANTS: tuple[str, ...]
    MAJORS: tuple[int, ...]

    def available(self) -> str:
        """Return why it cannot run here; empty when it can."""

    def record(self, call: Callable[[], Any], watch: Watch) -> Any:
        """Watch a call in this process, write what was seen, return the call's result."""

    def command(self, argv: list[str], watch: Watch) -> list[str]:
        """Return the command line that runs and watches a Python command line."""

    def read(self, watch: Watch) -> Any:
        """Return the `Profile` of what was written."""


def load(name: str) -> Contender:
    """Return the profiler of that name.

    Raises:
        ValueError: no file is called so.
    """
    if name not in NAMES:
        raise ValueError(f"unknown profiler {name!r}: choose one of {', '.join(NAMES)}")
    return cast(Contender, importlib.import_module(f"{__name__}.{name}"))


def missing(package: str) -> str:
    """Return a sentence when a distribution is not installed; empty when it is."""
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return f"{package} is not installed (pip install {package})"
    return ""
