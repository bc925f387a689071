"""Django: the execute wrappers of a connection, which belongs to a thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.db import connections  # type: ignore[import-untyped]
from django.db.backends.base.base import BaseDatabaseWrapper  # type: ignore[import-untyped]


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
    """Wrap the executions of a connection; returns how to stop."""

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

    target.execute_wrappers.append(wrapper)
    return lambda: target.execute_wrappers.remove(wrapper)
