"""How large a module may be, and how large it is.

A module is read by one developer in the hours that its `module.toml` names; what is larger is not
read at all. The limits are those of the project; a module that needs more writes a limit of its
own and a reason into `[budget]` of its `module.toml`. `velvet info` prints every figure beside its
limit, and a test of the repository holds them.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from velvet.catalog import LIMITS, Module

TESTS_PER_LESSON_LINE = 1.2
MIN_TESTS_LINES = 200  # a module that has just begun
README_LINES, README_WORDS, TABLE_ROWS = 300, 3000, 8
SHORT_FILE, LONG_FILE = 60, 400
TOOLKIT_LINES = 12_100  # a limit that is meant to fall
LEVELS = ("basic", "intermediate", "advanced")
# What a module measures on is no lesson: corpora, scripted changes, programs with seeded bugs.
SAMPLES = "samples"


@dataclass(frozen=True)
class Figure:
    """One measure of a module beside its limit."""

    name: str
    value: float
    limit: float
    reason: str = ""

    @property
    def within(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit

    def __str__(self) -> str:
        mark = "" if self.within else "  OVER"
        why = f"  ({self.reason})" if self.reason else ""
        return f"{self.name:18} {self.value:>7,.0f} of {self.limit:>6,.0f}{mark}{why}"


def lesson_files(module: Module) -> list[Path]:
    """Return the Python files of a module's lesson: neither comparisons nor dashboard."""
    package = module.folder / "src" / module.package
    apart = {package / "comparisons", package / "dashboard"}
    return [path for path in python_files(package) if not apart & set(path.parents)]


def python_files(folder: Path) -> list[Path]:
    """Return the Python files of a folder that are not what a module measures on."""
    return sorted(path for path in folder.rglob("*.py") if SAMPLES not in path.parts)


def examples(module: Module) -> Iterator[tuple[str, str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield level, name and function of a module's examples as they are written."""
    for level in LEVELS:
        file = module.folder / "examples" / f"{level}.py"
        for node in ast.parse(file.read_text(encoding="utf-8") if file.is_file() else "").body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "example":
                        yield level, ast.literal_eval(mark.args[0]), node


def longest_table(markdown: str) -> int:
    """Return the rows of the longest table, without its head."""
    tables = re.findall(r"(?:^\|.*\n?)+", markdown, flags=re.MULTILINE)
    return max((table.strip().count("\n") - 1 for table in tables), default=0)


def figures(module: Module) -> list[Figure]:
    """Return every measure of a module beside its limit."""
    package, readme = module.folder / "src" / module.package, module.folder / "README.md"
    lesson = lesson_files(module)
    words = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    values: dict[str, float] = {
        "lesson_lines": lines_of(lesson),
        "lesson_files": len(lesson),
        "comparisons_lines": lines_of(
            [*python_files(package / "comparisons"), module.folder / "benchmarks" / "measure.py"]
        ),
        "dashboard_lines": lines_of(python_files(package / "dashboard")),
        "examples_lines": lines_of(python_files(module.folder / "examples")),
        "tests_lines": lines_of(python_files(module.folder / "tests")),
    }
    try:
        results = module.folder / "benchmarks" / "results" / "reference.json"
        values["publish_seconds"] = json.loads(results.read_text(encoding="utf-8"))["duration_s"]
    except (OSError, ValueError, KeyError):
        pass  # not published yet
    tests = max(MIN_TESTS_LINES, TESTS_PER_LESSON_LINE * values["lesson_lines"])
    limits = {**LIMITS, "tests_lines": tests, **module.budget}
    reasons = {name: str(limits["reason"]) for name in module.budget}
    everything = [*python_files(module.folder / "src"), *python_files(module.folder / "tests")]
    return [
        *(
            Figure(name.replace("_", " "), value, limits[name], reasons.get(name, ""))
            for name, value in values.items()
        ),
        Figure("longest file", max(map(_length, everything), default=0), LONG_FILE),
        Figure("README lines", len(words.splitlines()), README_LINES),
        Figure("README words", len(words.split()), README_WORDS),
        Figure("README table rows", longest_table(words), TABLE_ROWS),
    ]


def short_files(module: Module) -> list[str]:
    """Return the files of the lesson that hold too little to stand alone, as hints.

    A contender is as short as its library allows.
    """
    root = module.folder / "src"
    return [
        f"{path.relative_to(root).as_posix()}: {_length(path)} lines"
        for path in lesson_files(module)
        if not path.name.startswith("__")
        and path.parent.name != "contenders"
        and _length(path) < SHORT_FILE
    ]


def _length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else 0


def lines_of(paths: Iterable[Path]) -> int:
    """Return the lines of several files together."""
    return sum(map(_length, paths))
