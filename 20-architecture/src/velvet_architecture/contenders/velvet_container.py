"""The container of this module."""

from __future__ import annotations

from functools import partial

from velvet_architecture.adapters.container import Container
from velvet_architecture.contenders import Clock, Database, Repository, Resolve, Service, Settings


def wire() -> Resolve:
    """Register the classes; arguments are found by their annotations."""
    container = Container()
    for kind in (Settings, Clock, Database):
        container.add(kind)
    for kind in (Repository, Service):
        container.add(kind, lifetime="transient")
    container.validate()
    return partial(container.resolve, Service)
