"""The price of change: eight requirements arrive, three architectures follow, a program counts.

Each shop lies in `samples/evolution` as whole files, one folder a change with the files that this
change touched; its last version is the first with all folders laid over it. Nothing is estimated:
lines are counted by the tokenizer, tests of yesterday are run against the code of today, a database
filled by yesterday's code is opened by today's. A folder `c09` would be counted by `measure`, too.
"""

from __future__ import annotations

import builtins
import difflib
import io
import sqlite3
import tempfile
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from velvet_architecture.samples import acceptance
from velvet_architecture.samples.acceptance import ACCEPTANCE, Driver

SAMPLES = Path(acceptance.__file__).parent / "evolution"
ARCHITECTURES = ("naive", "hexagonal", "eventsourced")
Files = Mapping[str, str]
# Every file is at home in one layer; what is not named is the outside.
LAYER_OF = {
    "model": "domain",
    "decide": "domain",
    "events": "domain",
    "service": "use cases",
    "views": "use cases",
    "sql": "adapter",
    "jsonfile": "adapter",
    "log": "adapter",
    "jsonlog": "adapter",
}


@dataclass(frozen=True)
class StepCost:
    """What one change cost one architecture; lines are lines of code, tests not counted.

    Attributes:
        changed_in_old: lines that were removed or replaced in files that existed before.
        own_tests_broken: of the tests from before the change, run against the code after it.
        old_data_opens: whether the new code opens data of the old one and finds all of it.
        history_answer: whether it can answer questions about the time before the change.
    """

    step: str
    files_touched: int
    files_added: int
    lines_added: int
    changed_in_old: int
    layers: tuple[str, ...]
    test_lines: int
    own_tests_broken: int
    acceptance_passed: int
    acceptance_total: int
    old_data_opens: bool
    history_answer: bool


class Clock:
    """A clock that is set by hand."""

    now = 0

    def __call__(self) -> int:
        return self.now


class Program:
    """A shop loaded from texts: its files import one another, and nothing of it is installed."""

    def __init__(self, files: Files) -> None:
        self._files, self._loaded = files, dict[str, ModuleType]()

    def module(self, name: str) -> ModuleType:
        """Return one of its files as a module."""
        if name not in self._loaded:
            made = ModuleType(name)
            own = vars(builtins) | {"__import__": self._import}
            made.__dict__["__builtins__"] = own
            self._loaded[name] = made
            code = compile(self._files[f"{name}.py"], name, "exec", dont_inherit=True)
            try:
                exec(code, made.__dict__)  # noqa: S102 - our own samples
            except BaseException:
                del self._loaded[name]
                raise
        return self._loaded[name]

    def _import(self, name: str, *rest: Any) -> Any:
        return self.module(name) if f"{name}.py" in self._files else __import__(name, *rest)

    def open(self, path: Path, step: int, clock: Clock) -> Driver:
        """Open the shop on a file."""
        return Driver(self.module("app").open_app(str(path), clock), step)


def steps(architecture: str) -> list[str]:
    """Return the changes that are there, ``c00`` first; an unknown architecture is a ValueError."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture must be one of {', '.join(ARCHITECTURES)}")
    return sorted(path.name for path in (SAMPLES / architecture).iterdir() if path.is_dir())


def files_at(architecture: str, step: int) -> dict[str, str]:
    """Return the texts of a shop after a change."""
    found: dict[str, str] = {}
    for name in steps(architecture)[: step + 1]:
        for path in sorted((SAMPLES / architecture / name).glob("*.txt")):
            found[path.stem] = path.read_text(encoding="utf-8")
    return found


def code_lines(text: str) -> list[str]:
    """Return the lines that hold code: no blank ones, no comments, no docstrings.

    >>> code_lines('"Doc."\\n\\nx = 1  # why\\n')
    ['x = 1  # why']
    """
    skip = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    numbers, begins = set[int](), True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in skip | {tokenize.ENDMARKER}:
            begins = begins or token.type == tokenize.NEWLINE
            continue
        if not (begins and token.type == tokenize.STRING):  # a string that begins is a docstring
            numbers |= set(range(token.start[0], token.end[0] + 1))
        begins = False
    lines = text.splitlines()
    return [lines[number - 1].rstrip() for number in sorted(numbers)]


def _diff(old: str, new: str) -> tuple[int, int]:
    """Return lines added and lines removed, a changed line being one of each."""
    before, after = code_lines(old), code_lines(new)
    added = removed = 0
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if tag != "equal":
            removed, added = removed + b - a, added + d - c
    return added, removed


def measure(architecture: str, upto: int | None = None) -> list[StepCost]:
    """Return the cost of each change; deterministic."""
    last = len(steps(architecture)) - 1 if upto is None else upto
    return [cost(architecture, step) for step in range(1, last + 1)]


def cost(architecture: str, step: int) -> StepCost:
    """Return what one change cost; `step` is 1 for the first."""
    before, after = files_at(architecture, step - 1), files_at(architecture, step)
    touched = [name for name in after if after[name] != before.get(name)]
    code = [name for name in touched if not name.startswith("test_")]
    diffs = {name: _diff(before.get(name, ""), after[name]) for name in touched}
    with tempfile.TemporaryDirectory(prefix="velvet-change-") as folder:
        passed, total = _accepted(after, step, Path(folder))
        opens, knows = _old_data(before, after, step, Path(folder))
        broken = _broken(before, after, folder)
    return StepCost(
        steps(architecture)[step],
        len(code),
        sum(name not in before for name in code),
        sum(diffs[name][0] for name in code),
        sum(diffs[name][1] for name in code if name in before),
        tuple(sorted({LAYER_OF.get(name.removesuffix(".py"), "outside") for name in code})),
        sum(diffs[name][0] for name in touched if name.startswith("test_")),
        broken,
        passed,
        total,
        opens,
        knows,
    )


def _broken(before: Files, after: Files, folder: str) -> int:
    """Count tests of yesterday that fail against the code of today."""
    old_tests = {name: text for name, text in before.items() if name.startswith("test_")}
    code = {name: text for name, text in after.items() if not name.startswith("test_")}
    return len(failures({**code, **old_tests}, folder)[0])


def failures(files: Files, folder: str) -> tuple[list[str], int]:
    """Run a shop's own tests; return the names of those that fail, and how many there are."""
    failed, count, program = [], 0, Program(files)
    for name in sorted(files):
        if not name.startswith("test_"):
            continue
        wanted = [
            line[4 : line.index("(")] for line in files[name].split("\n") if line[:9] == "def test_"
        ]
        for test in wanted:
            count += 1
            with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as own:
                try:
                    program.module(name.removesuffix(".py")).__dict__[test](own)
                except Exception:  # noqa: BLE001 - a broken test breaks in any way
                    failed.append(test)
    return failed, count


def _accepted(files: Files, step: int, folder: Path) -> tuple[int, int]:
    asked = [ask for change, ask in ACCEPTANCE.items() if change <= step]
    passed = 0
    for ask in asked:
        path = folder / f"{ask.__name__}.{'json' if step >= 7 else 'db'}"
        shop = Program(files).open(path, step, Clock())
        passed += ask(shop)
        shop.app.close()
    return passed, len(asked)


def _old_data(before: Files, after: Files, step: int, folder: Path) -> tuple[bool, bool]:
    """Fill a file with the old code, open it with the new one."""
    clock = Clock()
    path = folder / ("old.json" if step > 7 else "old.db")
    old = Program(before).open(path, step - 1, clock)
    acceptance.fill(old, clock)
    old.app.close()
    try:
        new = Program(after).open(path, step, clock)
    except (sqlite3.Error, ValueError, KeyError, TypeError):
        return False, False
    try:
        return acceptance.is_intact(new), acceptance.knows_the_past(new)
    finally:
        new.app.close()
