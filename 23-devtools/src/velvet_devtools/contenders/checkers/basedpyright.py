"""basedpyright: pyright with more rules, its own Node in a wheel, and the mode `recommended`."""

# ruff: noqa: ARG001 - every checker takes the same arguments

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from velvet_devtools.contenders.checkers.pyright import parse

__all__ = ["FINDINGS", "OLDEST", "PACKAGE", "PROFILES", "PROGRAM", "command", "parse"]
PROGRAM = PACKAGE = "basedpyright"
OLDEST = (1, 1)
FINDINGS = (0, 1)
PROFILES = {"default": "recommended", "strict": "all"}


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run; mode and files stand in a configuration of its own."""
    settings = {"include": list(paths), "typeCheckingMode": PROFILES[profile]}
    file = work / f"basedpyright-{profile}.json"
    file.write_text(json.dumps({**settings, "pythonVersion": "3.12"}), encoding="utf-8")
    return ["--outputjson", "--project", str(file)]
