"""Nine ways to wire one graph, a file each, with the same function `wire`.

The graph: `Settings`, `Clock` and `Database` live once; `Repository` and `Service` are new for each
request. `same_lifetimes` checks exactly that before any clock starts, because a container that
hands out one cached service is timed at looking it up, not at building it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Protocol, cast

NAMES = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


class Settings:
    """Where the database is."""


class Clock:
    """What time it is."""


class Database:
    """A connection pool."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings


class Repository:
    """Orders of one request."""

    def __init__(self, database: Database) -> None:
        self.database = database


class Service:
    """The use case of one request."""

    def __init__(self, repository: Repository, clock: Clock) -> None:
        self.repository, self.clock = repository, clock


ONCE: tuple[type, ...] = (Settings, Clock, Database)
EACH: tuple[type, ...] = (Repository, Service)
Resolve = Callable[[], Service]


class Contender(Protocol):
    """What every file in this folder offers."""

    def wire(self) -> Resolve:
        """Register the graph; return the function that makes a service."""


def load(name: str) -> Contender:
    """Return the contender of that name.

    Raises:
        ValueError: no file is called so.
        ImportError: its library is not installed.
    """
    if name not in NAMES:
        raise ValueError(f"{name!r} is no contender; known are {', '.join(NAMES)}")
    return cast(Contender, importlib.import_module(f"{__name__}.{name}"))


def same_lifetimes(resolve: Resolve) -> bool:
    """Return whether two services are two, and share what lives once."""
    one, two = resolve(), resolve()
    return (
        type(one) is Service
        and one is not two
        and one.repository is not two.repository
        and one.clock is two.clock
        and one.repository.database is two.repository.database
        and type(one.repository.database.settings) is Settings
    )
