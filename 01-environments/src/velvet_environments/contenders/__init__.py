"""One tool, one file, the same names in each: a diff of two files is the difference."""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

from velvet_environments.errors import EnvToolError
from velvet_environments.workspace import EnvTool

NAMES: tuple[str, ...] = tuple(
    found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")
)


def load(name: str) -> EnvTool:
    """Return a contender by the name of its file; its tool need not be installed.

    Raises:
        EnvToolError: there is no such file.
    """
    if name not in NAMES:
        raise EnvToolError(f"unknown contender {name!r}: choose one of {', '.join(NAMES)}")
    return cast(EnvTool, importlib.import_module(f"{__name__}.{name}"))
