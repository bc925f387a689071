"""dishka: providers with scopes, checked when the container is made."""

from __future__ import annotations

from functools import partial

import dishka

from velvet_architecture.contenders import EACH, ONCE, Resolve, Service


def wire() -> Resolve:
    """Provide each class in the application's scope, what is new each time without a cache."""
    provider = dishka.Provider(scope=dishka.Scope.APP)
    for kind in ONCE:
        provider.provide(kind)
    for kind in EACH:
        provider.provide(kind, cache=False)
    return partial(dishka.make_container(provider).get, Service)
