"""ruff's rule I: sorts imports, and guesses first-party packages in its own way."""

from __future__ import annotations

from collections.abc import Sequence

PROGRAM = PACKAGE = "ruff"


def command(paths: Sequence[str]) -> list[str]:
    """Return the arguments that sort imports in place."""
    return ["check", "--isolated", "--no-cache", "--quiet", "--select", "I", "--fix", "--", *paths]
