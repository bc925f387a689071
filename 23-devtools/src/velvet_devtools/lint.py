"""One interface to ten checkers: run it, read its findings, or say in one word why not.

What may go wrong is the same for all: it is missing, too old, hangs, crashes, prints garbage. Each
has its `Status`; a tool whose options are wrong prints nothing and exits with 2, which a naive
reader takes for "no findings" (a column of zeros in a matrix).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from velvet_devtools import process
from velvet_devtools.contenders.checkers import CHECKERS, Diagnostic
from velvet_devtools.errors import ToolMissing, ToolTimeout


class Status(str, Enum):
    """How a run ended; only `OK` has findings."""

    OK = "ok"
    MISSING = "not here"
    OLD = "too old"
    TIMEOUT = "timed out"
    CRASHED = "crashed"
    GARBAGE = "unreadable output"


class RunResult(NamedTuple):
    """What one run of a tool gave; `problem` is one sentence unless the status is OK."""

    status: Status
    diagnostics: tuple[Diagnostic, ...] = ()
    seconds: float = 0.0
    version: str = ""
    problem: str = ""


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
    program: Sequence[str] = (),
) -> RunResult:
    """Run a checker on files or folders and return what it found, or why it could not.

    Args:
        work: a folder for its configuration.
        program: instead of the installed one, such as another version.
    """
    tool = CHECKERS.get(name)
    if tool is None or profile not in tool.profiles:
        known = ", ".join(tool.profiles if tool else CHECKERS)
        raise ValueError(f"there is no {name} with {profile!r}; known are {known}")

    def failed(status: Status, problem: str, seconds: float = 0.0) -> RunResult:
        return RunResult(status, (), seconds, said, problem)

    said = ""
    try:
        start = tuple(program) or (process.need(tool.program),)
        said = version(start)
        if said and tuple(map(int, said.split("."))) < tool.oldest:
            least = ".".join(map(str, tool.oldest))
            return failed(Status.OLD, f"{name} {said} is older than {least}, whose output is known")
        files = [str(path.absolute()) for path in paths]  # so that none begins with a dash
        argv = [*start, *tool.command(files, profile, work, cache=False)]
        done = process.run(argv, cwd=work, timeout_s=timeout_s)
    except ToolMissing as error:
        return failed(Status.MISSING, str(error))
    except ToolTimeout as error:
        return failed(Status.TIMEOUT, str(error), timeout_s)
    if done.exit_code not in tool.findings:
        words = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        problem = f"{name} ended with {done.exit_code}: {words[:200]}"
        return failed(Status.CRASHED, problem, done.seconds)
    try:
        found = tuple(sorted(tool.parse(done.stdout)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        problem = f"{name} ended with {done.exit_code}; its output is not readable: {error}"
        return failed(Status.GARBAGE, problem[:300], done.seconds)
    return RunResult(Status.OK, found, done.seconds, said)
