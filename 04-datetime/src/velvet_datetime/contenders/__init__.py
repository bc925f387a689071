"""One engine, one file, the same names in each: a diff of two files is the difference."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import cast

from velvet_datetime.contender import Engine

NAMES: tuple[str, ...] = tuple(
    found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")
)


def load(name: str) -> Engine:
    """Return an engine by the name of its file.

    Raises:
        ValueError: there is no such file.
        ImportError: its library is not installed.
    """
    if name not in NAMES:
        raise ValueError(f"unknown engine {name!r}: choose one of {', '.join(NAMES)}")
    return cast(Engine, importlib.import_module(f"{__name__}.{name}"))


@cache
def installed() -> dict[str, Engine]:
    """Return every engine whose library is installed, by name."""
    found = {}
    for name in NAMES:
        try:
            found[name] = load(name)
        except ImportError:
            continue
    return found
