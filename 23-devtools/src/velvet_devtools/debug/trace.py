"""What a recorder brought home, and the questions it answers: when, who wrote, where two runs part.

A step is one event: a call, a line about to run, an exception, a return. Its `changes` are what the
line before it in the same call stored. Everything else is computed from these, backwards in time as
easily as forwards: the state at a step is the newest change of each name up to it.
"""

from __future__ import annotations

import json
import types
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from velvet_devtools.debug.query import Query
from velvet_devtools.debug.values import Text, shown

# lane, call, code, line, line whose effects these are, kind, names with values, clock in ns
Event = tuple[int, int, types.CodeType, int, int, str, dict[str, Any], int]
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
        at_ns: a clock for calls and returns, 0 for lines.
    """

    number: int
    lane: int
    call: int
    function: str
    file: str
    line: int
    written_at: int
    kind: str
    changes: Mapping[str, Any]
    at_ns: int


@dataclass(frozen=True)
class Snapshot:
    """The state at a step: where it stands, its variables, and the calls around it."""

    step: Step
    variables: Mapping[str, Any]
    stack: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A name got another value: at which step, from which line, from what to what."""

    step: int
    line: int
    old: Any
    new: Any


@dataclass(frozen=True)
class Divergence:
    """The first step at which two runs differ, in one sentence, with both steps."""

    step: int
    reason: str
    mine: Step | None
    theirs: Step | None


class Trace:
    """The steps of a recording; complexity below in steps n and changes k of the call asked for.

    Attributes:
        truncated: how many of the oldest events the ring has dropped.
        problem: why recording ended early; empty when it did not.
    """

    def __init__(self, events: Sequence[Event], truncated: int = 0, problem: str = "") -> None:
        self.truncated = truncated
        self.problem = problem
        self.steps = tuple(
            Step(
                number, lane, call, getattr(code, "co_qualname", code.co_name), code.co_filename,
                line, written, kind, values, at,
            )
            for number, (lane, call, code, line, written, kind, values, at) in enumerate(events)
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def _by_call(self) -> Mapping[int, list[Step]]:
        found: dict[int, list[Step]] = {}
        for step in self.steps:
            found.setdefault(step.call, []).append(step)
        return found

    def at(self, number: int) -> Snapshot:
        """Return the state at a step, in O(k); IndexError outside the trace."""
        if not 0 <= number < len(self.steps):
            raise IndexError(f"steps go from 0 to {len(self.steps) - 1}, not {number}")
        step = self.steps[number]
        variables: dict[str, Any] = {}
        for one in self._by_call[step.call]:
            if one.number > number:
                break
            variables.update(one.changes)
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

    def history(self, name: str, *, call: int | None = None) -> list[Change]:
        """Return each change of a name, in one call or in all that have it, in O(n)."""
        found: list[Change] = []
        last: dict[int, Any] = {}
        for step in self.steps:
            if name not in step.changes or call not in (None, step.call):
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
        """Return the steps at which a question becomes true, each call judged by its own names.

        Raises:
            QueryError: it is more than names, constants and comparisons.
        """
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

    def names(self) -> list[str]:
        """Return every name that changed, the most changed first."""
        counts: dict[str, int] = {}
        for step in self.steps:
            for name in step.changes:
                counts[name] = counts.get(name, 0) + 1
        return sorted(counts, key=lambda name: (-counts[name], name))

    def calls(self) -> Iterator[tuple[int, str, int, int]]:
        """Yield depth, function, first and last step of each call, in order of their beginning."""
        open_calls: dict[int, list[tuple[int, int]]] = {}
        for steps in self._by_call.values():
            first, last = steps[0], steps[-1]
            around = [one for one in open_calls.get(first.lane, []) if one[1] > first.number]
            yield len(around), first.function, first.number, last.number
            open_calls[first.lane] = [*around, (first.number, last.number)]

    def diff(self, other: Trace) -> Divergence | None:
        """Return where two runs part: by line, by call, or by a value; None when they do not."""
        for mine, theirs in zip(self.steps, other.steps, strict=False):
            if (mine.function, mine.line, mine.kind) != (theirs.function, theirs.line, theirs.kind):
                a, b = (f"{one.function}:{one.line} ({one.kind})" for one in (mine, theirs))
                return Divergence(mine.number, f"one goes to {a}, the other to {b}", mine, theirs)
            for name in mine.changes:
                a, b = shown(mine.changes[name]), shown(theirs.changes.get(name, ABSENT))
                if a != b:
                    where = f"line {mine.written_at or mine.line} stored {name}"
                    return Divergence(mine.number, f"{where} = {a} and {b}", mine, theirs)
        short = min(len(self), len(other))
        if len(self) == len(other):
            return None
        longer, end = (self, "other") if len(self) > short else (other, "first")
        step = longer.steps[short]
        mine_, theirs_ = (step, None) if longer is self else (None, step)
        return Divergence(short, f"the {end} ends after {short} steps", mine_, theirs_)

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

    def to_chrome_json(self) -> str:
        """Return the calls in the Trace Event Format, for Perfetto and chrome://tracing."""
        begin = next((step.at_ns for step in self.steps if step.at_ns), 0)
        events = [
            {
                "name": step.function, "ph": "B" if step.kind == "call" else "E", "pid": 1,
                "tid": step.lane, "ts": (step.at_ns - begin) / 1e3, "cat": "call",
            }
            for step in self.steps
            if step.kind in ("call", "return", "unwind")
        ]  # fmt: skip
        return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"})

    def to_html(self) -> str:
        """Return one page that needs no network: a slider over the steps, source and variables."""
        sources = {}
        for file in {step.file for step in self.steps}:
            try:
                sources[file] = Path(file).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError):
                sources[file] = []
        rows = [
            {**row, "file": step.file} for row, step in zip(self.as_rows(), self.steps, strict=True)
        ]
        # "</" would end the script early, whatever a variable of the program holds.
        data = json.dumps({"steps": rows, "sources": sources}).replace("</", "<\\/")
        return _PAGE.replace("DATA", data)


_PAGE = """<!doctype html><meta charset="utf-8"><title>Time machine</title>
<style>body{font:15px sans-serif;margin:2em;max-width:70em}pre{line-height:1.4}
.here{background:#f5deb3}input{width:100%}td{padding:.1em 1em .1em 0;vertical-align:top}
@media(prefers-color-scheme:dark){body{background:#1a1521;color:#eee9f4}.here{background:#745502}}
</style><h1>Time machine</h1><label for="at">Step <output id="n"></output></label>
<input id="at" type="range" min="0" value="0"><p id="where"></p><table id="names"></table>
<pre id="code"></pre><script>const data=DATA;const at=document.getElementById("at");
at.max=data.steps.length-1;
function show(){const n=+at.value,step=data.steps[n],names={};
for(let i=0;i<=n;i++)if(data.steps[i].call===step.call)Object.assign(names,data.steps[i].changes);
document.getElementById("n").value=n+" of "+at.max;
document.getElementById("where").textContent=step.function+", line "+step.line+", "+step.kind;
const table=document.getElementById("names");table.replaceChildren();
for(const[name,value]of Object.entries(names)){const row=table.insertRow();
row.insertCell().textContent=name;row.insertCell().textContent=value;
if(name in step.changes)row.className="here"}
const code=document.getElementById("code");code.replaceChildren();
(data.sources[step.file]||[]).forEach((line,i)=>{if(Math.abs(i+1-step.line)>9)return;
const one=document.createElement("span");one.textContent=(i+1+"").padStart(4)+"  "+line+"\\n";
if(i+1===step.line)one.className="here";code.append(one)})}
at.oninput=show;show()</script>
"""
