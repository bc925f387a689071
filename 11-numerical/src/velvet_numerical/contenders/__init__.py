"""One way to compute, one file, the same kernel names in each: a diff of two is the difference.

A file defines the kernels for which its way is meaningful; `pure` defines all of them and is what
each other one is checked against. `TAKES` says whether it is called with lists or with arrays.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

NAMES: tuple[str, ...] = tuple(
    found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")
)


def load(name: str) -> ModuleType:
    """Return the contender of that name.

    Raises:
        KeyError: no file is called so.
        ImportError: its library is not installed.
    """
    if name not in NAMES:
        raise KeyError(f"unknown contender {name!r}: choose one of {', '.join(NAMES)}")
    return importlib.import_module(f"{__name__}.{name}")


def installed() -> dict[str, ModuleType]:
    """Return every contender whose library is installed, by name."""
    found = {}
    for name in NAMES:
        try:
            found[name] = load(name)
        except ImportError:
            continue
    return found
