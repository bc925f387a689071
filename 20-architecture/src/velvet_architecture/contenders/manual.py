"""By hand: constructor calls in the order of their needs."""

from __future__ import annotations

from velvet_architecture.contenders import Clock, Database, Repository, Resolve, Service, Settings


def wire() -> Resolve:
    """Make what lives once, and close over it."""
    clock, database = Clock(), Database(Settings())
    return lambda: Service(Repository(database), clock)
