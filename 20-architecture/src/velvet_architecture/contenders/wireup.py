"""wireup: injectables with lifetimes; its usual way is injection into functions, not `get`."""

from __future__ import annotations

import wireup

from velvet_architecture.contenders import EACH, ONCE, Resolve, Service


def wire() -> Resolve:
    """Register the classes; a transient needs a scope, one a request."""
    kinds = [wireup.injectable(kind) for kind in ONCE]
    kinds += [wireup.injectable(kind, lifetime="transient") for kind in EACH]
    container = wireup.create_sync_container(injectables=kinds)

    def resolve() -> Service:
        with container.enter_scope() as scope:
            return scope.get(Service)

    return resolve
