"""One library, one file, the same names in each: a diff of two files is the difference."""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

from velvet_validation.contender import Contender

NAMES: tuple[str, ...] = tuple(
    found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")
)


def contender(name: str) -> Contender:
    """Return one library's adapter by the name of its file.

    Raises:
        ValueError: there is no such file.
        ImportError: the library is not installed.
    """
    if name not in NAMES:
        raise ValueError(f"unknown contender {name!r}: choose one of {', '.join(NAMES)}")
    return cast(Contender, importlib.import_module(f"{__name__}.{name}"))


def label_of(name: str) -> str:
    """Return a library's own spelling of its name, or the file's name where it is not installed."""
    try:
        return contender(name).label
    except ImportError:
        return name.replace("_", "-")


def installed() -> dict[str, Contender]:
    """Return every adapter whose library is installed, by name."""
    found = {}
    for name in NAMES:
        try:
            found[name] = contender(name)
        except ImportError:
            continue
    return found
