"""The values of a played interleaving: what was asked for, what became of it, what stayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

Row = tuple[Any, ...]


class Step(NamedTuple):
    """A statement of one session; `label` is how its result can be asked for."""

    session: str
    sql: str
    label: str = ""


@dataclass(frozen=True)
class StepResult:
    """What became of a step.

    Attributes:
        sql: what was sent; the COMMIT of a failed session is sent as ROLLBACK.
        rows: None where the statement gives none or failed.
        sqlstate: empty when it succeeded; SQLite's result code by name.
        blocked_by: sessions that it was seen to wait for.
        released_by: the step after which it went on, as ``T1: COMMIT``.
        skipped: not sent, because its session had failed before.
        started_s, blocked_s, finished_s: seconds since the first step was sent.
    """

    session: str
    sql: str
    label: str = ""
    rows: tuple[Row, ...] | None = None
    rowcount: int = 0
    sqlstate: str = ""
    error: str = ""
    blocked_by: tuple[str, ...] = ()
    released_by: str | None = None
    skipped: bool = False
    started_s: float = 0.0
    blocked_s: float | None = None
    finished_s: float = 0.0


@dataclass(frozen=True)
class Played:
    """A played interleaving: its steps in the order of the script, and what is stored after it."""

    level: str
    results: tuple[StepResult, ...]
    final: tuple[Row, ...]

    @property
    def committed(self) -> frozenset[str]:
        """The sessions whose COMMIT succeeded."""
        return frozenset(
            one.session for one in self.results if one.sql == "COMMIT" and not one.sqlstate
        )

    @property
    def failed(self) -> dict[str, str]:
        """Session -> the SQLSTATE with which the database gave it up."""
        return {one.session: one.sqlstate for one in self.results if one.sqlstate}

    def rows(self, label: str) -> tuple[Row, ...] | None:
        """Return the rows of a labelled step; None if it failed or was skipped.

        Raises:
            KeyError: no step has this label.
        """
        for one in self.results:
            if one.label == label:
                return one.rows
        raise KeyError(label)

    def value(self, label: str) -> object:
        """Return the first column of the first row of a labelled step, or None."""
        rows = self.rows(label)
        return rows[0][0] if rows else None
