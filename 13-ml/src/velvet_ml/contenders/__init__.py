"""The rivals, one a file, each with the same function: a diff of two files is the difference."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any, Protocol, cast

NAMES = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


class Contender(Protocol):
    """What every file in this folder offers."""

    def unique(self, items: Iterable[Any]) -> list[Any]:
        """Return the items without repeats, in order of their first appearance."""


def load(name: str) -> Contender:
    """Return the contender of that name.

    Raises:
        ValueError: no file is called so.
        ImportError: its library is not installed.
    """
    if name not in NAMES:
        raise ValueError(f"{name!r} is no contender; known are {', '.join(NAMES)}")
    return cast(Contender, importlib.import_module(f"{__name__}.{name}"))
