"""Pylint: infers values across files, asks for style as well, and takes its time."""

# ruff: noqa: ARG001 - every checker takes the same arguments

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic, read_json

PROGRAM = PACKAGE = "pylint"
OLDEST = (3,)
FINDINGS = tuple(range(32))  # a sum of bits, one for each kind of finding; 32 is wrong usage
PROFILES = {
    "default": [],
    "errors": ["--errors-only"],
    "strict": ["--enable=all", "--disable=C"],
}


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run with pylint's own defaults."""
    empty = work / "pylintrc"
    empty.write_text("", encoding="utf-8")
    words = [f"--rcfile={empty}", "--persistent=n", "--output-format=json2", "--recursive=y"]
    return [*words, *PROFILES[profile], "--", *paths]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read pylint's JSON; its columns count from 0."""
    for one in read_json(stdout)["messages"]:
        where = one["absolutePath"], one["line"], one["column"] + 1
        yield Diagnostic(*where, one["messageId"], one["message"])
