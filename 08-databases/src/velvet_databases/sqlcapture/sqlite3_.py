"""sqlite3: the trace callback of a connection.

SQLite tells a statement when it begins, with its values filled in, and nothing afterwards. So the
text that is kept is its fingerprint, and neither seconds nor rows are known. A statement that fires
a trigger is told again for what runs inside it. A connection has one callback and does not say
which: after the capture it has none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any


def hookable(target: Any) -> Any:
    """Return the connection, or None if it is none of ours."""
    return target if isinstance(target, sqlite3.Connection) else None


def install(target: Any, report: Callable[..., None]) -> Callable[[], None]:
    """Trace a connection; returns how to stop."""

    def trace(sql: str) -> None:
        report(sql, seconds=None, rowcount=None, expanded=True)

    target.set_trace_callback(trace)
    return lambda: target.set_trace_callback(None)
