"""The container of this module."""

from __future__ import annotations

from functools import partial

from velvet_architecture.adapters.container import Container
from velvet_architecture.contenders import EACH, ONCE, Resolve, Service


def wire() -> Resolve:
    """Register the classes; arguments are found by their annotations."""
    container = Container()
    for kind in ONCE:
        container.add(kind)
    for kind in EACH:
        container.add(kind, lifetime="transient")
    container.validate()
    return partial(container.resolve, Service)
