"""punq: small, by annotations, a registry that is searched at each resolve."""

from __future__ import annotations

import punq

from velvet_architecture.contenders import EACH, ONCE, Resolve, Service


def wire() -> Resolve:
    """Register the classes with their scopes."""
    container = punq.Container()
    for kind in ONCE:
        container.register(kind, scope=punq.Scope.singleton)
    for kind in EACH:
        container.register(kind)
    return lambda: container.resolve(Service)
