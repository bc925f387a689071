"""Pyright: the checker behind an editor, in TypeScript; its pip package starts Node."""

# ruff: noqa: ARG001 - every checker takes the same arguments

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic, read_json

PROGRAM = PACKAGE = "pyright"
OLDEST = (1, 1)
FINDINGS = (0, 1)
PROFILES = {"default": "standard", "strict": "strict"}


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run; mode and files stand in a configuration of its own."""
    # An absolute path is ignored with a warning on stderr, and the run "finds" nothing.
    near = [os.path.relpath(path, work) for path in paths]
    settings = {"include": near, "typeCheckingMode": PROFILES[profile]}
    file = work / f"pyright-{profile}.json"
    file.write_text(json.dumps({**settings, "pythonVersion": "3.12"}), encoding="utf-8")
    return ["--outputjson", "--project", str(file)]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read pyright's JSON; its lines and columns count from 0."""
    found = read_json(stdout)
    if not found["summary"]["filesAnalyzed"]:
        raise ValueError("it analysed no file")
    for one in found["generalDiagnostics"]:
        at = one["range"]["start"]
        where = one["file"], at["line"] + 1, at["character"] + 1
        if one["severity"] != "information":
            yield Diagnostic(*where, one.get("rule", "syntax"), one["message"])
