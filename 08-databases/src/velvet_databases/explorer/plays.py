"""Played interleavings as lanes: one a session, time downwards, a row for each step that is sent.

Real seconds would draw nine steps as hairlines and one wait as all of the picture. So a moment
here is "the n-th step is sent": what did not wait takes one row, what waited lasts until the row
of the step that let it go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from velvet_databases.explorer.telling import Event

RAN, WAITED, FAILED, SKIPPED = "ran", "waited", "given up", "not sent"


@dataclass(frozen=True)
class PlayedStep:
    """A step in the order of the script, with what became of it; see `isolation_steps.StepResult`.

    Attributes:
        row: the place of its start among the starts of all steps.
        end: the row before which it had ended, at least `row` + 1.
    """

    session: str
    sql: str
    row: int
    end: int
    rows: tuple[tuple[Any, ...], ...] | None = None
    rowcount: int = 0
    sqlstate: str = ""
    error: str = ""
    blocked_by: tuple[str, ...] = ()
    released_by: str = ""
    skipped: bool = False
    took_ms: float = 0.0

    @property
    def kind(self) -> str:
        """What a lane is coloured by."""
        if self.skipped:
            return SKIPPED
        if self.sqlstate:
            return FAILED
        return WAITED if self.blocked_by else RAN

    @property
    def outcome(self) -> str:
        """What came back, in a few words."""
        if self.skipped:
            return "not sent: its transaction had failed"
        if self.sqlstate:
            return f"{self.sqlstate}: {self.error}"
        if self.rows is None:
            return f"{self.rowcount} changed" if self.rowcount else "done"
        if not self.rows:
            return "no row"
        return "; ".join(", ".join(str(value) for value in row) for row in self.rows)


class Cell(NamedTuple):
    """One play: the database, its level and the anomaly."""

    backend: str
    level: str
    anomaly: str


@dataclass(frozen=True)
class Play:
    """One anomaly at one level.

    Attributes:
        verdict: ``prevented`` or ``possible``.
        final: what is stored afterwards.
    """

    cell: Cell
    verdict: str
    steps: tuple[PlayedStep, ...]
    final: tuple[tuple[Any, ...], ...]

    @property
    def sessions(self) -> list[str]:
        """The lanes, in the order of their names."""
        return sorted({step.session for step in self.steps})

    def shown(self, upto: int) -> list[PlayedStep]:
        """Return the first steps as they look at that moment: who waits, waits still."""
        return [step for step in self.steps if step.row < upto]

    def waiting(self, upto: int) -> list[PlayedStep]:
        """Return those that have not ended when the given number of steps was sent."""
        return [step for step in self.shown(upto) if step.blocked_by and step.end > upto]


@dataclass
class Plays:
    """All plays, and the anomalies' names and meanings."""

    plays: dict[Cell, Play] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)

    def levels(self) -> list[tuple[str, str]]:
        """Return (database, level), weakest first."""
        return list(dict.fromkeys((cell.backend, cell.level) for cell in self.plays))

    def verdict(self, backend: str, level: str, anomaly: str) -> str:
        """Return the verdict of a cell, or an empty text where it was not played."""
        play = self.plays.get(Cell(backend, level, anomaly))
        return play.verdict if play is not None else ""


def _steps(told: list[dict[str, Any]]) -> tuple[PlayedStep, ...]:
    # A step that was held back starts when its session is free again, so rows follow the clock.
    order = sorted(range(len(told)), key=lambda at: (told[at]["started_s"], at))
    row_of = {at: row for row, at in enumerate(order)}
    found = []
    for at, step in enumerate(told):
        later = sum(1 for other in told if other["started_s"] < step["finished_s"])
        row = row_of[at]
        rows = step["rows"]
        found.append(
            PlayedStep(
                step["session"],
                step["sql"],
                row,
                max(row + 1, later) if step["blocked_by"] else row + 1,
                None if rows is None else tuple(tuple(one) for one in rows),
                step["rowcount"],
                step["sqlstate"],
                step["error"],
                tuple(step["blocked_by"]),
                step["released_by"] or "",
                step["skipped"],
                (step["finished_s"] - step["started_s"]) * 1e3,
            )
        )
    return tuple(sorted(found, key=lambda one: one.row))


def read_plays(events: Iterable[Event]) -> Plays:
    """Read the job's lines; a later play of a cell replaces an earlier one; O(n)."""
    found = Plays()
    for event in events:
        kind = event.get("type")
        if kind == "anomaly":
            found.titles[event["name"]] = event["title"]
            found.meanings[event["name"]] = event["meaning"]
        elif kind == "play":
            cell = Cell(event["backend"], event["level"], event["anomaly"])
            final = tuple(tuple(row) for row in event["final"])
            found.plays[cell] = Play(cell, event["verdict"], _steps(event["steps"]), final)
    return found


def sentence(play: Play, upto: int) -> str:
    """Say what happened with the last step that was sent."""
    if upto < 1:
        return "Every session has begun its transaction; nothing was sent yet."
    step = play.steps[min(upto, len(play.steps)) - 1]
    text = f"Step {step.row + 1} of {len(play.steps)}: {step.session} sends `{step.sql}`"
    if step.skipped:
        return f"{step.session} would send `{step.sql}`, but its transaction has failed before."
    if step.blocked_by:
        text += f" and waits for {' and '.join(step.blocked_by)}"
        if step.end <= upto:
            text += f", for {step.took_ms:.1f} ms"
    if step.blocked_by and step.end > upto:
        return text + "."
    if step.released_by:
        text += f"; it goes on after {step.released_by}"
    return f"{text}: {step.outcome}."
