"""Bandit: security only, and so no rival of the others on any other defect."""

# ruff: noqa: ARG001 - every checker takes the same arguments

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic, read_json

PROGRAM = PACKAGE = "bandit"
OLDEST = (1, 7)
FINDINGS = (0, 1)
PROFILES = {"default": [], "medium": ["-ll"]}


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run over folders and files."""
    return ["-f", "json", "-q", "-r", *PROFILES[profile], "--", *paths]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read bandit's JSON; its columns count from 0."""
    for one in read_json(stdout)["results"]:
        where = one["filename"], one["line_number"], one["col_offset"] + 1
        yield Diagnostic(*where, one["test_id"], one["issue_text"])
