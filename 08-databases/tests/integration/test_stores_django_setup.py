"""Django is configured once, and its table of connections is left as it was found."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connections

from velvet_databases.stores import django_setup
from velvet_databases.stores.address import read_address
from velvet_databases.stores.django_setup import (
    add_database,
    configure,
    options_of,
    remove_database,
)

BOTH = frozenset({"sqlite", "postgresql"})


def test_an_alias_comes_and_goes_without_a_trace() -> None:
    configure()
    before = set(connections.databases)

    alias = add_database({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
    during = set(connections.databases)
    remove_database(alias)
    remove_database(alias)

    assert during - before == {alias}
    assert set(connections.databases) == before


def test_no_two_databases_get_one_alias() -> None:
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    aliases = [add_database(entry) for _ in range(3)]
    for alias in aliases:
        remove_database(alias)

    assert len(set(aliases)) == 3


def test_a_foreign_django_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure()
    monkeypatch.setattr(apps, "is_installed", lambda name: False)

    with pytest.raises(RuntimeError, match="can be configured only once: add it to INSTALLED_APPS"):
        configure()


@pytest.mark.integration
def test_a_pool_of_an_alias_is_closed_with_it(postgres_url: str) -> None:
    entry = options_of(read_address(postgres_url, BOTH))
    entry["OPTIONS"] = {**entry["OPTIONS"], "pool": {"min_size": 1, "max_size": 2}}
    alias = add_database(entry)
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
    pool = connections[alias].pool
    assert not pool.closed

    remove_database(alias)

    assert pool.closed
    assert alias not in django_setup.connections.databases
