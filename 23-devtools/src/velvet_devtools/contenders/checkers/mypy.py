"""mypy: the reference implementation of Python's types; warm runs read what did not change."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic

PROGRAM = PACKAGE = "mypy"
OLDEST = (1, 11)  # the first with `--output json`
FINDINGS = (0, 1)
EXTRA = ("possibly-undefined", "truthy-bool", "unused-awaitable", "redundant-expr", "deprecated")
PROFILES = {
    "default": [],
    # one code a flag: a list with commas is an error, and mypy exits before it has checked anything
    "strict": ["--strict", *(f"--enable-error-code={code}" for code in EXTRA)],
}


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run without a configuration file."""
    kept = str(work / "mypy") if cache else os.devnull
    words = ["--config-file=", "--cache-dir", kept, "--output", "json", "--no-error-summary"]
    more = ["--python-version", "3.12", "--scripts-are-modules", "--namespace-packages"]
    return [*words, *more, *PROFILES[profile], "--", *paths]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read a JSON object a line; its columns count from 0, and notes are no findings."""
    for line in stdout.splitlines():
        one = json.loads(line)
        if one["severity"] == "error":
            where = one["file"], one["line"], one["column"] + 1
            yield Diagnostic(*where, one["code"] or "syntax", one["message"])
