"""Django's migrations on a database of ours: up, down, checked, and shown as the SQL they run."""

from __future__ import annotations

import io
from typing import Any

from django.apps import apps  # type: ignore[import-untyped]
from django.core.management import call_command  # type: ignore[import-untyped]
from django.db import connections  # type: ignore[import-untyped]
from django.db.migrations.executor import MigrationExecutor  # type: ignore[import-untyped]

from velvet_databases.stores import django_setup

APP, LABEL = "velvet_databases.migrations.django_app", "stock"


def install() -> None:
    """Add the application to those of a configured Django; calling it again does nothing."""
    django_setup.configure()
    if not apps.is_installed(APP):
        apps.set_installed_apps([*(config.name for config in apps.get_app_configs()), APP])


def migrations(alias: str) -> list[str]:
    """Return the names of all migrations of the application, the first one first."""
    install()
    loader = MigrationExecutor(connections[alias]).loader
    return sorted(name for label, name in loader.graph.nodes if label == LABEL)


def migrate(alias: str, name: str | None = None) -> None:
    """Run or take back migrations until the database is at one.

    Args:
        alias: of a database that `django_setup.add_database` gave.
        name: a migration; ``"zero"`` for none, None for all.
    """
    install()
    executor = MigrationExecutor(connections[alias])
    last = migrations(alias)[-1]
    target = (LABEL, None if name == "zero" else name or last)
    executor.migrate([target])


def applied(alias: str) -> list[str]:
    """Return the migrations that the database has seen, the first one first."""
    install()
    done = MigrationExecutor(connections[alias]).loader.applied_migrations
    return sorted(name for label, name in done if label == LABEL)


def check() -> None:
    """Compare the models with what the migrations make.

    Raises:
        SystemExit: a migration is missing (`makemigrations --check`).
    """
    install()
    call_command("makemigrations", LABEL, check=True, dry_run=True, verbosity=0)


def sql(alias: str, name: str) -> str:
    """Return the SQL of one migration on one database (`sqlmigrate`)."""
    install()
    written: Any = io.StringIO()
    call_command("sqlmigrate", LABEL, name, database=alias, stdout=written, no_color=True)
    return str(written.getvalue())
