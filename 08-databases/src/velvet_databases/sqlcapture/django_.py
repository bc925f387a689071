"""Django: the execute wrappers of a connection, or of every alias.

A Django connection belongs to a thread. Connections that are opened later, here or in another
thread, are wrapped when they connect, so that a capture of all aliases sees them too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.db import connections  # type: ignore[import-untyped]
from django.db.backends.base.base import BaseDatabaseWrapper  # type: ignore[import-untyped]
from django.db.backends.signals import connection_created  # type: ignore[import-untyped]

WHOLE_LIBRARY: Any = connections


def hookable(target: Any) -> Any:
    """Return the connection of an alias or of a connection proxy; None if it is none of ours."""
    if isinstance(target, str):
        return connections[target] if target in _aliases() else None
    target = connections[target.alias] if _is_proxy(target) else target
    return target if isinstance(target, BaseDatabaseWrapper) else None


def _aliases() -> set[str]:
    try:
        return set(connections)
    except ImproperlyConfigured:  # Django is imported and not configured
        return set()


def _is_proxy(target: Any) -> bool:
    return type(target).__name__ == "ConnectionProxy" and hasattr(target, "alias")


def install(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    """Wrap the executions of a connection, or of all; returns how to stop."""

    def wrapper(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        began, done = time.perf_counter(), False
        try:
            result = execute(sql, params, many, context)
            done = True
        finally:
            seconds = time.perf_counter() - began
            rowcount = context["cursor"].rowcount if done else None
            report(sql, params, seconds=seconds, rowcount=rowcount, many=many)
        return result

    wrapped: list[Any] = []

    def wrap(connection: Any, **_: Any) -> None:
        if wrapper not in connection.execute_wrappers:
            connection.execute_wrappers.append(wrapper)
            wrapped.append(connection)

    if target is WHOLE_LIBRARY:
        for connection in connections.all(initialized_only=True) if settings.configured else ():
            wrap(connection)
        connection_created.connect(wrap, weak=False)
    else:
        wrap(target)

    def uninstall() -> None:
        if target is WHOLE_LIBRARY:
            connection_created.disconnect(wrap)
        for connection in wrapped:
            connection.execute_wrappers.remove(wrapper)

    return uninstall
