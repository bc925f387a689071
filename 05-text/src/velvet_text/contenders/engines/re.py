"""The standard library's engine: it backtracks, and cannot be interrupted."""

from __future__ import annotations

import re
import sys

from velvet_text.engines import Compiled, ReLike
from velvet_text.errors import UnsupportedPattern

FEATURES = frozenset({"backref", "lookaround", "named"}) | (
    {"possessive"} if sys.version_info >= (3, 11) else frozenset()
)


def compile(  # noqa: A001 - the name that all engines share
    pattern: str, *, ignore_case: bool = False
) -> Compiled:
    """Compile with `re`."""
    try:
        return ReLike(re.compile(pattern, re.IGNORECASE if ignore_case else 0))
    except (re.error, OverflowError, RecursionError) as error:
        raise UnsupportedPattern("re", str(error) or type(error).__name__) from error
