"""`str.split`, with offsets: fast, and every comma sticks to its word."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(r"\S+")


class Whitespace:
    """Tokens are what stands between white space."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the offsets of the tokens."""
        return [found.span() for found in _TOKEN.finditer(text)]


def make(_training: Sequence[str] = ()) -> Whitespace:
    """Return the tokenizer; it learns nothing."""
    return Whitespace()
