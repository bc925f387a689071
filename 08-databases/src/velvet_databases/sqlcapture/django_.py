"""Django: the execute wrappers of a connection, or of every alias.

A Django connection belongs to a thread. Those that other threads open later are wrapped when they
connect, so that a capture of the whole process sees them too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connections  # type: ignore[import-untyped]
from django.db.backends.base.base import BaseDatabaseWrapper  # type: ignore[import-untyped]
from django.db.backends.signals import connection_created  # type: ignore[import-untyped]

WHOLE_LIBRARY: Any = connections


def hookable(target: Any) -> Any:
    """Return the connection of an alias or of a connection proxy; None if it is none of ours."""
    if isinstance(target, str):
        return connections[target] if target in set(connections) else None
    target = connections[target.alias] if _is_proxy(target) else target
    return target if isinstance(target, BaseDatabaseWrapper) else None


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
        for connection in connections.all():
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
