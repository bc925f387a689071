"""diwire: by annotations; classes that are not registered become transients."""

from __future__ import annotations

from functools import partial

import diwire

from velvet_architecture.contenders import EACH, ONCE, Resolve, Service


def wire() -> Resolve:
    """Say every lifetime, because the default depends on the version."""
    container = diwire.Container()
    for kind in ONCE:  # scoped, and resolved in the root scope, so each lives once
        container.add(kind, lifetime=diwire.Lifetime.SCOPED)
    for kind in EACH:
        container.add(kind, lifetime=diwire.Lifetime.TRANSIENT)
    return partial(container.resolve, Service)
