"""The rivals, one a file, in a folder for each subject: a diff of two files is the difference."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType


def names(subject: str) -> tuple[str, ...]:
    """Return the names of a subject's contenders, one for each file."""
    found = pkgutil.iter_modules([str(Path(__file__).parent / subject)])
    return tuple(sorted(one.name for one in found))


def load(subject: str, name: str) -> ModuleType:
    """Return a contender's module.

    Raises:
        ValueError: no file is called so.
    """
    if name not in names(subject):
        raise ValueError(f"{name!r} is no contender; known are {', '.join(names(subject))}")
    return importlib.import_module(f"{__name__}.{subject}.{name}")
