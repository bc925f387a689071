"""The client libraries, one a file, each with the same names.

`Transport` puts a library under our surface. A diff of two files is the difference between two
libraries.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.util import find_spec
from types import ModuleType

from velvet_http.client import AsyncClient, Client, Settings


def names() -> list[str]:
    """Return the name of each contender that there is a file for."""
    return sorted(each.name for each in pkgutil.iter_modules(__path__) if each.name[0] != "_")


def load(name: str) -> ModuleType:
    """Return the contender's module.

    Raises:
        ValueError: there is none of that name.
        ImportError: its library is not installed.
    """
    if name not in names():
        raise ValueError(f"client {name!r} is unknown; choose from {', '.join(names())}")
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ImportError as error:
        way_out = "pip install -r requirements-peers.txt"
        raise ImportError(f"{error}; {name} is optional: {way_out}", name=error.name) from error


def available() -> list[str]:
    """Return the name of each contender whose library is installed."""
    return [name for name in names() if name == "http_client" or find_spec(name)]


def connect(name: str, settings: Settings | None = None) -> Client:
    """Return a blocking client over the library `name`; an asyncio library gets a loop of its own."""
    return Client(load(name).Transport(settings or Settings()))


def connect_async(name: str, settings: Settings | None = None) -> AsyncClient:
    """Return an asyncio client over the library `name`.

    Raises:
        ValueError: the library blocks; use it in threads.
    """
    transport = load(name).Transport(settings or Settings())
    if transport.blocking:
        raise ValueError(f"{name} blocks the event loop; use aiohttp, httpx or httpx2")
    return AsyncClient(transport)
