"""diwire: by annotations; classes that are not registered become transients."""

from __future__ import annotations

from functools import partial

import diwire

from velvet_architecture.contenders import Clock, Database, Repository, Resolve, Service, Settings


def wire() -> Resolve:
    """Say every lifetime, because the default depends on the version."""
    container = diwire.Container()
    for kind in (Settings, Clock, Database):
        container.add(kind, lifetime=diwire.Lifetime.SCOPED)
    for kind in (Repository, Service):
        container.add(kind, lifetime=diwire.Lifetime.TRANSIENT)
    return partial(container.resolve, Service)
