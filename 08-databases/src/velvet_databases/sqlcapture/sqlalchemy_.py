"""SQLAlchemy: the cursor events of an engine or a connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.orm import Session


def hookable(target: Any) -> Any:
    """Return the synchronous engine or connection of a target, or None if it is none of ours."""
    target = getattr(target, "sync_engine", None) or getattr(target, "sync_session", target)
    target = getattr(target, "sync_connection", None) or target
    if isinstance(target, Session):
        bind = target.get_bind()
        return bind.engine if isinstance(bind, Connection) else bind
    return target if isinstance(target, (Engine, Connection)) else None


def install(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    """Listen to a target's statements, also to those that fail; returns how to stop."""

    def before(
        _conn: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        context.velvet_began = time.perf_counter()

    def after(
        _conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        _tell(report, statement, parameters, context, many, cursor.rowcount)

    def failed(error: ExceptionContext) -> None:
        context = error.execution_context
        if context is not None and error.statement is not None:
            many = bool(getattr(context, "executemany", False))
            _tell(report, error.statement, error.parameters, context, many, None)

    hooks: dict[str, Callable[..., None]] = {
        "before_cursor_execute": before,
        "after_cursor_execute": after,
    }
    # SQLAlchemy takes the listener for errors per engine only.
    owner = target.engine if isinstance(target, Connection) else target
    for name, hook in hooks.items():
        event.listen(target, name, hook)
    event.listen(owner, "handle_error", failed)

    def uninstall() -> None:
        for name, hook in hooks.items():
            event.remove(target, name, hook)
        event.remove(owner, "handle_error", failed)

    return uninstall


def _tell(
    report: Callable[..., None],
    statement: str,
    parameters: Any,
    context: Any,
    many: bool,
    rowcount: int | None,
) -> None:
    seconds = time.perf_counter() - context.velvet_began
    report(statement, parameters, seconds=seconds, rowcount=rowcount, many=many)
