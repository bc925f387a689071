"""isort: sorts imports; what is first-party it guesses from the folders."""

from __future__ import annotations

from collections.abc import Sequence

PROGRAM = PACKAGE = "isort"


def command(paths: Sequence[str]) -> list[str]:
    """Return the arguments that sort imports in place, in black's style."""
    return ["--quiet", "--profile", "black", "--", *paths]
