"""The library `regex`: it backtracks like `re`, knows more, and takes a time-out."""

from __future__ import annotations

import regex  # type: ignore[import-untyped]

from velvet_text.engines import Compiled, ReLike
from velvet_text.errors import UnsupportedPattern

FEATURES = frozenset({"backref", "lookaround", "possessive", "named", "timeout"})


def compile(  # noqa: A001 - the name that all engines share
    pattern: str, *, ignore_case: bool = False
) -> Compiled:
    """Compile with `regex`, in its compatible mode."""
    try:
        return ReLike(regex.compile(pattern, regex.IGNORECASE if ignore_case else 0))
    except (regex.error, OverflowError, RecursionError) as error:
        raise UnsupportedPattern("regex", str(error) or type(error).__name__) from error
