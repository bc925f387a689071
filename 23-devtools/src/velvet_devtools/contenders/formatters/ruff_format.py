"""ruff format: black's style, with deviations that its documentation lists."""

from __future__ import annotations

from collections.abc import Sequence

PROGRAM = PACKAGE = "ruff"


def command(paths: Sequence[str]) -> list[str]:
    """Return the arguments that rewrite files in place, with ruff's own settings."""
    return ["format", "--isolated", "--no-cache", "--quiet", "--", *paths]
