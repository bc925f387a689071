"""One library, one file, the same names in each: a diff of two files is the difference."""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

from velvet_visualization.contender import Contender

NAMES: tuple[str, ...] = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


def load(name: str) -> Contender:
    """Return the contender of that name.

    Raises:
        ValueError: no file is called so.
        ImportError: its library is not installed.
    """
    if name not in NAMES:
        raise ValueError(f"{name!r} is no contender; known are {', '.join(NAMES)}")
    return cast(Contender, importlib.import_module(f"{__name__}.{name}"))
