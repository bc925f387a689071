"""One interface to eleven checkers: run it, read its findings, or say in one word why not.

A checker is a file of `contenders/checkers/` with four names: what to install, its profiles, the
command, and how to read its output. What may go wrong is the same for all: it is missing, too old,
hangs, crashes, prints garbage. Each has its `Status`; a tool whose options are wrong prints nothing
and exits with 2, which a naive reader takes for "no findings" (a column of zeros in a matrix).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from velvet_devtools import process
from velvet_devtools.contenders import load, names
from velvet_devtools.errors import ToolMissing, ToolTimeout


@dataclass(frozen=True, order=True)
class Diagnostic:
    """A finding; `line` and `col` count from 1, whatever the tool counts from."""

    path: str
    line: int
    col: int
    code: str
    message: str = field(compare=False)


class Status(str, Enum):
    """How a run ended; only `OK` has findings."""

    OK = "ok"
    MISSING = "not here"
    OLD = "too old"
    TIMEOUT = "timed out"
    CRASHED = "crashed"
    GARBAGE = "unreadable output"


@dataclass(frozen=True)
class RunResult:
    """What one run of a tool gave; `problem` is one sentence unless the status is OK."""

    tool: str
    profile: str
    status: Status
    diagnostics: tuple[Diagnostic, ...] = ()
    seconds: float = 0.0
    version: str = ""
    problem: str = ""


class Checker(Protocol):
    """What a file of `contenders/checkers/` offers.

    Attributes:
        PROGRAM, PACKAGE: the command, and what pip calls it.
        OLDEST: the first version whose output `parse` was tried on.
        PROFILES: profile -> what tells the tool of it, in the tool's own words.
        FINDINGS: exit codes that come with a complete output.
    """

    PROGRAM: str
    PACKAGE: str
    OLDEST: tuple[int, ...]
    PROFILES: Mapping[str, Any]
    FINDINGS: tuple[int, ...]

    def command(self, paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
        """Return the arguments after the program; may write a configuration into `work`."""
        ...

    def parse(self, stdout: str) -> Iterable[Diagnostic]:
        """Read the findings, or raise ValueError, KeyError or TypeError."""
        ...


def checkers() -> tuple[str, ...]:
    """Return the names of all checkers, installed or not."""
    return names("checkers")


def checker(name: str) -> Checker:
    """Return a checker by its name; ValueError for another."""
    found: Any = load("checkers", name)
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def version(program: tuple[str, ...]) -> str:
    """Return a tool's version as it says itself, such as ``"2.4.1"``; empty when it says none."""
    done = process.run([*program, "--version"], timeout_s=60)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found.group() if found else ""


def run(
    name: str,
    paths: Iterable[Path],
    work: Path,
    *,
    profile: str = "default",
    timeout_s: float = 120.0,
    cache: bool = False,
    program: Sequence[str] = (),
) -> RunResult:
    """Run a checker on files or folders and return what it found, or why it could not.

    Args:
        work: a folder for configuration and cache; the same one with `cache` makes a warm run.
        program: instead of the installed one, such as another version.

    Raises:
        ValueError: there is no such checker or profile.
    """
    tool = checker(name)
    if profile not in tool.PROFILES:
        known = ", ".join(tool.PROFILES)
        raise ValueError(f"{name} has no profile {profile!r}; it has {known}")

    def failed(status: Status, problem: str, seconds: float = 0.0) -> RunResult:
        return RunResult(name, profile, status, (), seconds, said, problem)

    said = ""
    try:
        start = tuple(program) or (process.need(tool.PROGRAM, tool.PACKAGE),)
        said = version(start)
        if said and _numbers(said) < tool.OLDEST:
            least = ".".join(map(str, tool.OLDEST))
            return failed(Status.OLD, f"{name} {said} is older than {least}, whose output is known")
        files = [str(path.absolute()) for path in paths]  # so that none begins with a dash
        argv = [*start, *tool.command(files, profile, work, cache)]
        done = process.run(argv, cwd=work, timeout_s=timeout_s)
    except ToolMissing as error:
        return failed(Status.MISSING, str(error))
    except ToolTimeout as error:
        return failed(Status.TIMEOUT, str(error), timeout_s)
    if done.exit_code not in tool.FINDINGS:
        words = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        problem = f"{name} ended with {done.exit_code}: {words[:200]}"
        return failed(Status.CRASHED, problem, done.seconds)
    try:
        found = tuple(sorted(tool.parse(done.stdout)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"{name} ended with {done.exit_code}; its output is not readable: {error}"
        return failed(Status.GARBAGE, problem[:300], done.seconds)
    return RunResult(name, profile, Status.OK, found, done.seconds, said)


def read_json(text: str) -> Any:
    """Read a tool's JSON; ValueError for an empty text as well."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _numbers(words: str) -> tuple[int, ...]:
    return tuple(int(part) for part in words.split("."))
