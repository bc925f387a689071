"""The five front ends; a diff of two files is the difference between two frameworks.

Each file has `INTERFACE` ("asgi" or "wsgi") and `framework_app(settings)`, which returns the
framework's own application over a `TaskBoard`.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from velvet_web.settings import Settings


def names() -> tuple[str, ...]:
    """Return the names of all contenders."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


def load(name: str) -> ModuleType:
    """Import one contender.

    Raises:
        ValueError: there is none of this name.
        ImportError: its framework is not installed.
    """
    if name not in names():
        raise ValueError(f"there is no contender {name!r}; known are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")


def build(name: str, settings: Settings) -> Any:
    """Return a contender as a server gets it: wrapped in the middleware of its interface."""
    contender = load(name)
    middleware = importlib.import_module(f"velvet_web.middleware_{contender.INTERFACE}")
    return middleware.protect(contender.framework_app(settings), settings)
