"""Ruff: one binary, 900 rules, of which the default enables a part that moves with its versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from velvet_devtools.lint import Diagnostic, read_json

PROGRAM = PACKAGE = "ruff"
OLDEST = (0, 4)
FINDINGS = (0, 1)
WIDE = "A,ARG,ASYNC,B,BLE,C4,DTZ,E,F,FURB,G,LOG,PERF,PIE,PL,RET,RUF,S,SIM,TRY,UP,W"
PROFILES = {
    "default": [],
    "pyflakes": ["--select", "E,F"],
    "wide": ["--select", WIDE],
}


def command(paths: Sequence[str], profile: str, work: Path, cache: bool) -> list[str]:
    """Return the arguments of a run that no configuration of a parent folder changes."""
    kept = ["--cache-dir", str(work / "ruff")] if cache else ["--no-cache"]
    words = ["check", "--isolated", "--output-format", "json", "--target-version", "py312"]
    return [*words, *kept, *PROFILES[profile], "--", *paths]


def parse(stdout: str) -> Iterator[Diagnostic]:
    """Read ruff's JSON; `code` is null for a syntax error."""
    for one in read_json(stdout):
        at = one["location"]
        code = one["code"] or "invalid-syntax"
        yield Diagnostic(one["filename"], at["row"], at["column"], code, one["message"])
