"""ty: a checker in Rust whose versions begin with 0.0, and whose rules move with them."""

# ruff: noqa: ARG001 - every checker takes the same arguments

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic, read_json

PROGRAM = PACKAGE = "ty"
OLDEST = (0, 0, 20)
FINDINGS = (0, 1)
PROFILES = {"default": [], "strict": ["--warn", "all"]}


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run under an empty configuration."""
    empty = work / "ty.toml"
    empty.write_text("", encoding="utf-8")
    words = ["check", "--output-format", "gitlab", "--config-file", str(empty)]
    return [*words, "--python-version", "3.12", "--no-progress", *PROFILES[profile], "--", *paths]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read ty's report in the form of GitLab's code quality."""
    for one in read_json(stdout):
        place = one["location"]
        at = place["positions"]["begin"]
        where = place["path"], at["line"], at["column"]
        yield Diagnostic(*where, one["check_name"], one["description"])
