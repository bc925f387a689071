"""Peewee: `execute_sql` of a database object."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from peewee import Database, Proxy


def hookable(target: Any) -> Any:
    """Return the database of a target (a proxy stands for its own); None if it is none of ours."""
    if isinstance(target, Proxy):
        target = target.obj
    return target if isinstance(target, Database) else None


def install(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    """Wrap `execute_sql`; returns how to put things back."""
    kept = vars(target).get("execute_sql")
    original = target.execute_sql

    @wraps(original)
    def execute_sql(sql: Any, params: Any = None, *args: Any, **options: Any) -> Any:
        began, rowcount = time.perf_counter(), None
        try:
            cursor = original(sql, params, *args, **options)
            rowcount = getattr(cursor, "rowcount", None)
        finally:
            seconds = time.perf_counter() - began
            report(str(sql), params, seconds=seconds, rowcount=rowcount)
        return cursor

    target.execute_sql = execute_sql

    def restore() -> None:
        if kept is None:
            del target.execute_sql  # the method of its class is visible again
        else:
            target.execute_sql = kept

    return restore
