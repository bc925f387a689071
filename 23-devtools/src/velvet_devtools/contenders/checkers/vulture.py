"""Vulture: code that nothing reaches, with how sure it is of that."""

# ruff: noqa: ARG001 - every checker takes the same arguments

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic

PROGRAM = PACKAGE = "vulture"
OLDEST = (2,)
FINDINGS = (0, 3)
PROFILES = {"default": ["--min-confidence", "60"], "sure": ["--min-confidence", "100"]}
_LINE = re.compile(r"(.+?):(\d+): (.*) \((\d+)% confidence.*\)")


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run."""
    return [*PROFILES[profile], "--", *paths]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read lines such as ``a.py:1: unused import 'os' (90% confidence)``; the kind is the code."""
    for line in stdout.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"not a finding: {line[:80]!r}")
        path, row, words, _ = found.groups()
        yield Diagnostic(path, int(row), 1, words.split(" '")[0].replace(" ", "-"), words)
