"""Django outside a project: configured once a process, databases added and removed at will.

Django keeps its settings in one global object that can be filled once; what may change is the
table of connections. Each store gets an alias of its own there, and takes it out on closing.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

import django  # type: ignore[import-untyped]
from django.apps import AppConfig, apps  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]
from django.db import connections  # type: ignore[import-untyped]

from velvet_databases.stores.address import BUSY_SECONDS, CONNECT_SECONDS, PRAGMAS, Address

_numbers = itertools.count(1)
_lock = threading.Lock()


class ShopConfig(AppConfig):  # type: ignore[misc]  # Django is untyped
    """The shop's application; its label is what findings call it."""

    name = "velvet_databases.stores"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"


APP = f"{__name__}.{ShopConfig.__name__}"


def configure() -> None:
    """Configure Django for the shop, unless this process has done so; thread-safe.

    Raises:
        RuntimeError: this process has configured Django without the shop's application.
    """
    with _lock:
        if not settings.configured:
            settings.configure(INSTALLED_APPS=[APP], DATABASES={}, USE_TZ=False, TIME_ZONE="UTC")
        if not apps.ready:
            django.setup()
    if not apps.is_installed(ShopConfig.name):
        raise RuntimeError(
            f"Django is configured in this process without {APP!r}, and can be configured only "
            "once: add it to INSTALLED_APPS, or open the store in a process of its own"
        )


def add_database(options: dict[str, Any]) -> str:
    """Add a database under a fresh alias, which is returned; `options` as in DATABASES."""
    configure()
    with _lock:
        alias = f"velvet_{next(_numbers)}"
        completed = connections.configure_settings({"default": {}, alias: dict(options)})
        connections.databases[alias] = completed[alias]
    return alias


def remove_database(alias: str) -> None:
    """Close this thread's connection of an alias and forget it; unknown ones are no error."""
    with _lock:
        if alias not in connections.databases:
            return
        connection = connections[alias]
        connection.close()
        if getattr(connection, "pool", None) is not None:
            connection.close_pool()
        del connections[alias]
        del connections.databases[alias]


def options_of(address: Address) -> dict[str, Any]:
    """Return the entry of DATABASES for an address."""
    if address.backend == "sqlite":
        begin = "; ".join(f"PRAGMA {pragma} = {value}" for pragma, value in PRAGMAS.items())
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": address.path,
            "OPTIONS": {
                "timeout": BUSY_SECONDS,
                "transaction_mode": "IMMEDIATE",
                "init_command": begin,
            },
        }
    parts = address.parts
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts["database"] or parts["user"],  # as libpq has it
        "USER": parts["user"],
        "PASSWORD": parts["password"],
        "HOST": parts["host"],
        "PORT": parts["port"],
        "OPTIONS": {**address.settings, "connect_timeout": CONNECT_SECONDS},
    }
