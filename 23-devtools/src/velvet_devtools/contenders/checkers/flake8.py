"""flake8: pycodestyle and pyflakes in one process a core; bugbear is the plugin that finds bugs."""

# ruff: noqa: ARG001 - every checker takes the same arguments

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic

PROGRAM = PACKAGE = "flake8"
OLDEST = (6,)
FINDINGS = (0, 1)
PROFILES = {
    "default": ["--extend-ignore", "B"],  # a plugin that is installed is on by itself
    "bugbear": ["--extend-select", "B,B9", "--extend-ignore", "B950"],
}
_LINE = re.compile(r"(?P<path>.+?)\t(?P<line>\d+)\t(?P<col>\d+)\t(?P<code>\w+)\t(?P<text>.*)")


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run; flake8 keeps no cache."""
    shape = "--format=%(path)s\t%(row)d\t%(col)d\t%(code)s\t%(text)s"
    return ["--isolated", "--max-line-length=100", shape, *PROFILES[profile], "--", *paths]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read lines of five fields; any other line is garbage."""
    for line in stdout.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"not a finding: {line[:80]!r}")
        path, row, col, code, words = found.groups()
        yield Diagnostic(path, int(row), int(col), code, words)
