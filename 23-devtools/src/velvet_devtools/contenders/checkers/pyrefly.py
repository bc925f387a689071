"""Pyrefly: a checker in Rust that is nearly silent until a preset is chosen."""

# ruff: noqa: ARG001 - every checker takes the same arguments

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic, read_json

PROGRAM = PACKAGE = "pyrefly"
OLDEST = (1, 0)
FINDINGS = (0, 1)
# Without a configuration file the preset is `basic`; with an empty one it is `default`.
PROFILES = {"default": "basic", "preset": "default", "strict": "strict"}


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run with one preset."""
    words = ["check", "--output-format", "json", "--preset", PROFILES[profile], "--summary=none"]
    return [*words, "--python-version", "3.12", "--", *paths]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read pyrefly's JSON."""
    for one in read_json(stdout)["errors"]:
        where = one["path"], one["line"], one["column"]
        yield Diagnostic(*where, one["name"], one["description"])
