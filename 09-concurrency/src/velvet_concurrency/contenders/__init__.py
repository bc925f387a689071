"""The ways of fetching, one file each, with the same `fetch(url, n, **options) -> FetchResult`.

The options, where a way has them: `workers` threads, or at most `limit` connections (0: as many as
requests); `uvloop` instead of the standard loop; `warm` makes the batch once before the clock starts, so
that connections are open; `timeout` seconds for one request (blocking ways and httpx: for each step of
it); `deadline` seconds for the whole batch, after which the rest is counted as `deadline`. `Unavailable`
is raised where a library or loop is not installed, `ValueError` for a number out of range.

`load(name)` finds a file by its name. Two files hold the libraries that our limiters and breakers are
measured against: `limiter_libraries` and `breaker_libraries`, a small class or function each.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

_LIBRARIES = ("limiter_libraries", "breaker_libraries")
NAMES = sorted(
    one.name
    for one in pkgutil.iter_modules(__path__)
    if one.name[0] != "_" and one.name not in _LIBRARIES
)
"""Every way of fetching that there is a file for."""


def load(name: str) -> ModuleType:
    """Return the module of a way of fetching; raise `ValueError` when there is none of that name."""
    if name not in NAMES:
        raise ValueError(f"contender {name!r} is unknown; choose from {', '.join(NAMES)}")
    return importlib.import_module(f"{__name__}.{name}")
