"""punq: small, by annotations, a registry that is searched at each resolve."""

from __future__ import annotations

from typing import cast

import punq

from velvet_architecture.contenders import Clock, Database, Repository, Resolve, Service, Settings


def wire() -> Resolve:
    """Register the classes with their scopes."""
    container = punq.Container()
    for kind in (Settings, Clock, Database):
        container.register(kind, scope=punq.Scope.singleton)
    for kind in (Repository, Service):
        container.register(kind)
    return lambda: cast(Service, container.resolve(Service))
