"""Engines that run one function over a grid, one a file, each with the same function `running`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

NAMES = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))
# run(function, items, arguments) returns function(item, *arguments) for each item, in order.
RunAll = Callable[[Callable[..., float], Sequence[Any], tuple[Any, ...]], list[float]]


class Engine(Protocol):
    """What every file in this folder offers."""

    def running(self, workers: int) -> AbstractContextManager[RunAll]:
        """Start the engine; the block's end stops it."""


def load(name: str) -> Engine:
    """Return the engine of that name.

    Raises:
        ValueError: no file is called so.
        ImportError: its library is not installed.
    """
    if name not in NAMES:
        raise ValueError(f"{name!r} is no engine; known are {', '.join(NAMES)}")
    return cast(Engine, importlib.import_module(f"{__name__}.{name}"))
