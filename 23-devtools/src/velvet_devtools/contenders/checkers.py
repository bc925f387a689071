"""Ten checkers, a row each: the command, the exit codes, and where the fields of a finding stand.

They differ in nothing else, so a rival is data here and not a file: a diff of two rows is the
difference between two tools.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WIDE = "A,ARG,ASYNC,B,BLE,C4,DTZ,E,F,FURB,G,LOG,PERF,PIE,PL,RET,RUF,S,SIM,TRY,UP,W"
STRICT = ("possibly-undefined", "truthy-bool", "unused-awaitable", "redundant-expr", "deprecated")
_NO_FINDING = ("note", "information")


@dataclass(frozen=True, order=True)
class Diagnostic:
    """A finding; `line` and `col` count from 1, whatever the tool counts from."""

    path: str
    line: int
    col: int
    code: str
    message: str = field(compare=False)


@dataclass(frozen=True)
class Checker:
    """How to call a checker without any configuration of a parent folder, and how to read it.

    Attributes:
        program: the command, and what pip calls it.
        oldest: the first version whose output the row was tried on.
        options: arguments of each run; ``{work}`` is the run's own folder.
        profiles: profile -> arguments that choose it; of a `project` its mode.
        form: ``json``, ``json lines``, or a pattern with the fields' names for a line of text.
        fields: where path, line, column, code and message stand; a dot goes one level down.
        rows: the key of the list of findings, where the JSON is no list itself.
        base: what the tool counts lines and columns from.
        cold, warm: arguments of a run without and with a cache.
        findings: exit codes that come with a complete output.
        empty: a configuration file that the call needs and that says nothing.
        project: whether files and mode are named in a configuration, as pyright wants it.
    """

    program: str
    oldest: tuple[int, ...]
    options: tuple[str, ...]
    profiles: Mapping[str, tuple[str, ...]]
    fields: tuple[str, ...] = ("path", "line", "col", "code", "message")
    form: str = "json"
    rows: str = ""
    base: tuple[int, int] = (1, 1)
    cold: tuple[str, ...] = ()
    warm: tuple[str, ...] = ()
    findings: tuple[int, ...] = (0, 1)
    empty: str = ""
    project: bool = False

    def command(self, paths: Sequence[str], profile: str, work: Path, *, cache: bool) -> list[str]:
        """Return the arguments after the program; configurations are written into `work`."""
        if self.empty:
            (work / self.empty).write_text("", encoding="utf-8")
        if self.project:
            # An absolute path is ignored with a warning on stderr, and the run "finds" nothing.
            near = [os.path.relpath(path, work) for path in paths]
            settings = {"include": near, "typeCheckingMode": self.profiles[profile][0]}
            settings["pythonVersion"] = "3.12"
            (work / "project.json").write_text(json.dumps(settings), encoding="utf-8")
            return [word.format(work=work) for word in self.options]
        words = (*self.options, *(self.warm if cache else self.cold), *self.profiles[profile])
        return [*(word.format(work=work) for word in words), "--", *paths]

    def parse(self, stdout: str) -> Iterator[Diagnostic]:
        """Read the findings, or raise what an unreadable output leads to."""
        for one in self._rows(stdout):
            path, line, col, code, message = (_field(one, name) for name in self.fields)
            if one.get("severity") not in _NO_FINDING:
                place = int(line) + 1 - self.base[0], int(col or 1) + 1 - self.base[1]
                yield Diagnostic(path, *place, (code or "syntax").replace(" ", "-"), message)

    def _rows(self, stdout: str) -> Iterable[Mapping[str, Any]]:
        if self.form == "json lines":
            return [json.loads(line) for line in stdout.splitlines()]
        if self.form != "json":
            return [_matched(self.form, line) for line in stdout.splitlines()]
        found = json.loads(stdout)
        if self.project and not found["summary"]["filesAnalyzed"]:
            raise ValueError("it analysed no file")
        rows: Iterable[Mapping[str, Any]] = found[self.rows] if self.rows else found
        return rows


def _field(row: Mapping[str, Any], name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        optional = part in ("rule", "col")  # pyright has no rule for a syntax error
        value = value.get(part) if optional else value[part]
    return value


def _matched(pattern: str, line: str) -> Mapping[str, Any]:
    found = re.fullmatch(pattern, line)
    if found is None:
        raise ValueError(f"not a finding: {line[:80]!r}")
    return found.groupdict()


_PYRIGHT: Mapping[str, Any] = {
    "oldest": (1, 1), "options": ("--outputjson", "--project", "{work}/project.json"),
    "project": True, "rows": "generalDiagnostics", "base": (0, 0),
    "fields": ("file", "range.start.line", "range.start.character", "rule", "message"),
}  # fmt: skip
CHECKERS: Mapping[str, Checker] = {
    "ruff": Checker(  # 900 rules, of which the default enables a part that moves with versions
        "ruff", (0, 4),
        ("check", "--isolated", "--output-format", "json", "--target-version", "py312"),
        {"default": (), "pyflakes": ("--select", "E,F"), "wide": ("--select", WIDE)},
        ("filename", "location.row", "location.column", "code", "message"),
        cold=("--no-cache",), warm=("--cache-dir", "{work}/ruff"),
    ),
    "flake8": Checker(  # a plugin that is installed is on by itself
        "flake8", (6,),
        ("--isolated", "--max-line-length=100", "--format=%(path)s\t%(row)d\t%(col)d\t%(code)s\t%(text)s"),
        {"default": ("--extend-ignore", "B"), "bugbear": ("--extend-select", "B,B9", "--extend-ignore", "B950")},
        form=r"(?P<path>.+?)\t(?P<line>\d+)\t(?P<col>\d+)\t(?P<code>\w+)\t(?P<message>.*)",
    ),
    "pylint": Checker(  # its exit code is a sum of bits, one a kind of finding; 32 is wrong usage
        "pylint", (3,),
        ("--rcfile={work}/pylintrc", "--persistent=n", "--output-format=json2", "--recursive=y"),
        {"default": (), "strict": ("--enable=all", "--disable=C")},
        ("absolutePath", "line", "column", "messageId", "message"),
        rows="messages", base=(1, 0), findings=tuple(range(32)), empty="pylintrc",
    ),
    "bandit": Checker(  # security only, and so no rival of the others on any other defect
        "bandit", (1, 7), ("-f", "json", "-q", "-r"), {"default": ()},
        ("filename", "line_number", "col_offset", "test_id", "issue_text"), rows="results", base=(1, 0),
    ),
    "vulture": Checker(  # code that nothing reaches; the kind is the code
        "vulture", (2,), ("--min-confidence", "60"), {"default": ()}, findings=(0, 3),
        form=r"(?P<path>.+?):(?P<line>\d+): (?P<message>(?P<code>[^']*?)(?: '.*)?) \(\d+% confidence.*\)",
    ),
    "mypy": Checker(  # one code a flag: of a list with commas it exits before it has checked anything
        "mypy", (1, 11),
        ("--config-file=", "--output", "json", "--no-error-summary", "--python-version", "3.12",
         "--scripts-are-modules", "--namespace-packages"),
        {"default": (), "strict": ("--strict", *(f"--enable-error-code={code}" for code in STRICT))},
        ("file", "line", "column", "code", "message"), form="json lines", base=(1, 0),
        cold=("--cache-dir", os.devnull), warm=("--cache-dir", "{work}/mypy"),
    ),
    "pyright": Checker("pyright", profiles={"default": ("standard",), "strict": ("strict",)}, **_PYRIGHT),
    "basedpyright": Checker(  # pyright with more rules, and its own Node in a wheel
        "basedpyright", profiles={"default": ("recommended",)}, **_PYRIGHT
    ),
    "ty": Checker(  # its versions begin with 0.0, and its rules move with them
        "ty", (0, 0, 20),
        ("check", "--output-format", "gitlab", "--config-file", "{work}/ty.toml", "--python-version", "3.12",
         "--no-progress"),
        {"default": (), "strict": ("--warn", "all")},
        ("location.path", "location.positions.begin.line", "location.positions.begin.column", "check_name",
         "description"),
        empty="ty.toml",
    ),
    "pyrefly": Checker(  # without a configuration the preset is `basic`; with an empty one `default`
        "pyrefly", (1, 0),
        ("check", "--output-format", "json", "--summary=none", "--python-version", "3.12"),
        {"default": ("--preset", "basic"), "preset": ("--preset", "default"), "strict": ("--preset", "strict")},
        ("path", "line", "column", "name", "description"), rows="errors",
    ),
}  # fmt: skip
