"""dependency-injector: providers written in Cython, wired by name."""

from __future__ import annotations

from typing import cast

from dependency_injector import providers

from velvet_architecture.contenders import Clock, Database, Repository, Resolve, Service, Settings


def wire() -> Resolve:
    """Chain the providers."""
    clock = providers.Singleton(Clock)
    database = providers.Singleton(Database, settings=providers.Singleton(Settings))
    repository = providers.Factory(Repository, database=database)
    return cast(Resolve, providers.Factory(Service, repository=repository, clock=clock))
