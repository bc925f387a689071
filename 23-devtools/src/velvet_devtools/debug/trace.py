"""What a recorder kept, and the questions it answers: when, who wrote, where two runs part.

A step is one event: a call, a line about to run, an exception, a return. Its `changes` are what the
line before it in the same call stored. Everything else is computed from these, backwards in time as
easily as forwards: the state at a step is the newest change of each name up to it.
"""

from __future__ import annotations

import types
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from velvet_devtools.debug.query import Query
from velvet_devtools.debug.values import Text, shown

# lane, call, code, line, line whose effects these are, kind, names with values
Event = tuple[int, int, types.CodeType, int, int, str, dict[str, Any]]
ABSENT = Text("not yet")


@dataclass(frozen=True)
class Step:
    """One event.

    Attributes:
        number: from 0; its place among what the ring still holds.
        lane: the thread, numbered by first appearance.
        call: the number of the call; recursion gives each its own.
        written_at: the line that made the `changes`; 0 for arguments.
        kind: ``call``, ``line``, ``exception``, ``return`` or ``unwind``.
    """

    number: int
    lane: int
    call: int
    function: str
    line: int
    written_at: int
    kind: str
    changes: Mapping[str, Any]


class Snapshot(NamedTuple):
    """The state at a step: where it stands, its variables, and the calls around it."""

    step: Step
    variables: Mapping[str, Any]
    stack: tuple[str, ...]


class Change(NamedTuple):
    """A name got another value: at which step, from which line, from what to what."""

    step: int
    line: int
    old: Any
    new: Any


class Divergence(NamedTuple):
    """The first step at which two runs differ, in one sentence."""

    step: int
    reason: str


class Trace:
    """The steps of a recording, n of them.

    Attributes:
        truncated: how many of the oldest events the ring has dropped.
        problem: why recording ended early; empty when it did not.
    """

    def __init__(self, events: Sequence[Event], truncated: int = 0, problem: str = "") -> None:
        self.truncated = truncated
        self.problem = problem
        self.steps = tuple(
            Step(
                number, lane, call, getattr(code, "co_qualname", code.co_name), line,
                written, kind, values,
            )
            for number, (lane, call, code, line, written, kind, values) in enumerate(events)
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.steps)

    def at(self, number: int) -> Snapshot:
        """Return the state at a step, in O(n); IndexError outside the trace."""
        if not 0 <= number < len(self.steps):
            raise IndexError(f"steps go from 0 to {len(self.steps) - 1}, not {number}")
        step = self.steps[number]
        variables: dict[str, Any] = {}
        for one in self.steps[: number + 1]:
            variables.update(one.changes if one.call == step.call else {})
        return Snapshot(step, variables, self._stack(step))

    def _stack(self, until: Step) -> tuple[str, ...]:
        stack: list[Step] = []
        for step in self.steps[: until.number + 1]:
            if step.lane != until.lane:
                continue
            if step.kind == "call":
                stack.append(step)
            elif step.kind in ("return", "unwind") and stack and step.number < until.number:
                stack = [one for one in stack if one.call != step.call]
        return tuple(one.function for one in stack)

    def history(self, name: str) -> list[Change]:
        """Return each change of a name, in all calls that have it, in O(n)."""
        found: list[Change] = []
        last: dict[int, Any] = {}
        for step in self.steps:
            if name not in step.changes:
                continue
            new, old = step.changes[name], last.get(step.call, ABSENT)
            # A `Text` may look the same twice: what changed inside is then below its depth.
            if type(new) is not type(old) or new != old:
                found.append(Change(step.number, step.written_at or step.line, old, new))
            last[step.call] = new
        return found

    def last_write(self, name: str, *, before: int | None = None) -> Change | None:
        """Return the newest change of a name before a step; None when there is none."""
        limit = len(self.steps) if before is None else before
        changes = self.history(name)
        place = bisect_left([one.step for one in changes], limit)
        return changes[place - 1] if place else None

    def when(self, question: str) -> list[int]:
        """Return the steps at which a question becomes true, each call judged by its own names."""
        query = Query(question)
        values: dict[int, dict[str, Any]] = {}
        true: set[int] = set()
        found = []
        for step in self.steps:
            asked = {name: value for name, value in step.changes.items() if name in query.names}
            if not asked:
                continue
            known = values.setdefault(step.call, {})
            known.update(asked)
            if not query.holds(known):
                true.discard(step.call)
            elif step.call not in true:
                true.add(step.call)
                found.append(step.number)
        return found

    def diff(self, other: Trace) -> Divergence | None:
        """Return where two runs part: by line, by call, or by a value; None when they do not."""
        for mine, theirs in zip(self.steps, other.steps, strict=False):
            if (mine.function, mine.line, mine.kind) != (theirs.function, theirs.line, theirs.kind):
                a, b = (f"{one.function}:{one.line} ({one.kind})" for one in (mine, theirs))
                return Divergence(mine.number, f"one goes to {a}, the other to {b}")
            for name in mine.changes:
                a, b = shown(mine.changes[name]), shown(theirs.changes.get(name, ABSENT))
                if a != b:
                    where = f"line {mine.written_at or mine.line} stored {name}"
                    return Divergence(mine.number, f"{where} = {a} and {b}")
        short = min(len(self), len(other))
        if len(self) == len(other):
            return None
        end = "other" if len(self) > short else "first"
        return Divergence(short, f"the {end} ends after {short} steps")

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the steps as JSON values, the changes as they are shown."""
        return [
            {
                "step": step.number, "lane": step.lane, "call": step.call, "kind": step.kind,
                "function": step.function, "line": step.line, "written_at": step.written_at,
                "changes": {name: shown(value) for name, value in step.changes.items()},
            }
            for step in self.steps
        ]  # fmt: skip
