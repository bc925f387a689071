"""lagom: types need no registration; what lives once is said."""

from __future__ import annotations

import lagom

from velvet_architecture.contenders import Clock, Database, Repository, Resolve, Service, Settings


def wire() -> Resolve:
    """Say what lives once."""
    container = lagom.Container()
    for kind in (Settings, Clock, Database):
        container[kind] = lagom.Singleton(kind)
    for kind in (Repository, Service):
        container[kind] = kind
    return lambda: container[Service]
