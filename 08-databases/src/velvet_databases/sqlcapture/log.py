"""What is kept of a statement: its text, its shape and its cost, and no value that went with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from velvet_databases.sqlcapture.origin import Origin


@dataclass(frozen=True)
class Statement:
    """One statement that was sent.

    Attributes:
        sql: the text as the library gave it to its driver; for sqlite3, whose trace has the values
            filled in, the fingerprint.
        fingerprint: its shape, see `velvet_databases.fingerprint`.
        params_shape: a type, and a length where it has one, per parameter: ``("int", "str[5]")``.
        seconds: how long the call took; None where the hook cannot tell (sqlite3).
        rowcount: as the driver says, -1 for "not known"; None where the hook cannot tell.
        origin: the line of yours that caused it.
        scope_id: the thread or task that sent it, see `current_scope`.
    """

    sql: str
    fingerprint: str
    params_shape: tuple[str, ...]
    seconds: float | None
    rowcount: int | None
    origin: Origin
    scope_id: int


class QueryLog(Sequence[Statement]):
    """The statements of one capture, in order of their ends; reading while it grows is safe."""

    def __init__(self, statements: Iterable[Statement] = ()) -> None:
        self._statements = list(statements)

    def append(self, statement: Statement) -> None:
        """Add a statement; called by the hooks, thread-safe."""
        self._statements.append(statement)

    def __copy__(self) -> QueryLog:
        return self[:]

    def __len__(self) -> int:
        return len(self._statements)

    @overload
    def __getitem__(self, index: int) -> Statement: ...
    @overload
    def __getitem__(self, index: slice) -> QueryLog: ...
    def __getitem__(self, index: int | slice) -> Statement | QueryLog:
        if isinstance(index, slice):
            return QueryLog(self._statements[index])
        return self._statements[index]

    def __iter__(self) -> Iterator[Statement]:
        return iter(list(self._statements))

    def __repr__(self) -> str:
        return f"<QueryLog of {len(self)} statements, {self.total_s * 1e3:.1f} ms>"

    @property
    def total_s(self) -> float:
        """Seconds of all statements whose hook could tell."""
        return sum(statement.seconds or 0.0 for statement in self)

    def by_fingerprint(self) -> dict[str, QueryLog]:
        """Group by shape, the most frequent first; O(n)."""
        groups: dict[str, QueryLog] = {}
        for statement in self:
            groups.setdefault(statement.fingerprint, QueryLog()).append(statement)
        return dict(sorted(groups.items(), key=lambda item: -len(item[1])))

    def as_table(self) -> list[dict[str, Any]]:
        """Return one row per shape: times sent, milliseconds, rows, first origin."""
        return [
            {
                "statements": len(group),
                "ms": round(group.total_s * 1e3, 3),
                "rows": sum(max(0, one.rowcount or 0) for one in group),
                "origin": str(group[0].origin),
                "sql": shape,
            }
            for shape, group in self.by_fingerprint().items()
        ]


def params_shape(params: Any, *, many: bool = False) -> tuple[str, ...]:
    """Describe parameters without their values: ``("int", "name: str[5]")``.

    Args:
        params: a sequence, a mapping, None, or with `many` a sequence of these.
        many: the parameters of an executemany: the shape is that of its first row, after the
            number of rows (``"1000 x"``).
    """
    if many:
        rows = params if isinstance(params, Sequence) else ()
        return (f"{len(rows)} x", *params_shape(rows[0])) if rows else ("? x",)
    if isinstance(params, Mapping):
        return tuple(f"{name}: {_shape(value)}" for name, value in params.items())
    return tuple(_shape(value) for value in params or ())


def _shape(value: Any) -> str:
    if isinstance(value, (str, bytes, bytearray, list, tuple, dict)):
        return f"{type(value).__name__}[{len(value)}]"
    return type(value).__name__
