"""svcs: a registry of factories and a short-lived container of what was made."""

from __future__ import annotations

import svcs

from velvet_architecture.contenders import Clock, Database, Repository, Resolve, Service, Settings


def _repository(services: svcs.Container) -> Repository:
    return Repository(services.get(Database))


def _service(services: svcs.Container) -> Service:
    return Service(services.get(Repository), services.get(Clock))


def wire() -> Resolve:
    """Register values and factories; a container lives as long as a request."""
    registry = svcs.Registry()
    registry.register_value(Clock, Clock())
    registry.register_value(Database, Database(Settings()))
    registry.register_factory(Repository, _repository)
    registry.register_factory(Service, _service)
    return lambda: svcs.Container(registry).get(Service)
