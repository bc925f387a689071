"""black: the formatter whose output the others imitate."""

from __future__ import annotations

import os
from collections.abc import Sequence

PROGRAM = PACKAGE = "black"


def command(paths: Sequence[str]) -> list[str]:
    """Return the arguments that rewrite files in place, with black's own settings."""
    return ["--quiet", "--fast", "--config", os.devnull, "--", *paths]
