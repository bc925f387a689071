"""lagom: types need no registration; what lives once is said."""

from __future__ import annotations

import lagom

from velvet_architecture.contenders import EACH, ONCE, Resolve, Service


def wire() -> Resolve:
    """Say what lives once."""
    container = lagom.Container()
    for kind in ONCE:
        container[kind] = lagom.Singleton(kind)
    for kind in EACH:
        container[kind] = kind
    return lambda: container[Service]
