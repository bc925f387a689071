"""Peewee: `execute_sql` of a database object, or of every class of databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import wraps
from typing import Any

from peewee import Database, Proxy

WHOLE_LIBRARY: Any = Database
_inside: ContextVar[bool] = ContextVar("velvet_databases_peewee", default=False)


def hookable(target: Any) -> Any:
    """Return the database of a target (a proxy stands for its own); None if it is none of ours."""
    if isinstance(target, Proxy):
        target = target.obj
    return target if isinstance(target, Database) else None


def install(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    """Wrap `execute_sql`; returns how to put things back."""
    if target is WHOLE_LIBRARY:
        replaced = [
            (kind, vars(kind)["execute_sql"])
            for kind in _classes(Database)
            if "execute_sql" in vars(kind)
        ]
        for kind, original in replaced:
            kind.execute_sql = _wrapped(original, report)

        def uninstall() -> None:
            for kind, original in replaced:
                kind.execute_sql = original

        return uninstall
    kept = vars(target).get("execute_sql")
    target.execute_sql = _wrapped(target.execute_sql, report)

    def restore() -> None:
        if kept is None:
            del target.execute_sql  # the method of its class is visible again
        else:
            target.execute_sql = kept

    return restore


def _classes(kind: Any) -> Iterator[Any]:
    yield kind
    for derived in kind.__subclasses__():
        yield from _classes(derived)


def _wrapped(original: Callable[..., Any], report: Callable[..., None]) -> Callable[..., Any]:
    @wraps(original)
    def execute_sql(*args: Any, **options: Any) -> Any:
        if _inside.get():  # a subclass calls its base: one statement, told once
            return original(*args, **options)
        sql, params = _arguments(*args, **options)
        token = _inside.set(True)
        began, rowcount = time.perf_counter(), None
        try:
            cursor = original(*args, **options)
            rowcount = getattr(cursor, "rowcount", None)
        finally:
            seconds = time.perf_counter() - began
            _inside.reset(token)
            report(sql, params, seconds=seconds, rowcount=rowcount)
        return cursor

    return execute_sql


def _arguments(*args: Any, sql: Any = None, params: Any = None, **_: Any) -> tuple[str, Any]:
    given = args[1:] if args and isinstance(args[0], Database) else args
    return str(given[0] if given else sql), given[1] if len(given) > 1 else params
