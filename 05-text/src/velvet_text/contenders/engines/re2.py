"""RE2: an automaton, linear in the text; its classes are ASCII and `$` means the very end.

Its binding converts each text to UTF-8 and each offset back, which is often the larger part of
the time: pass bytes where you can.
"""

from __future__ import annotations

from typing import Any

import re2  # type: ignore[import-untyped]

from velvet_text.engines import Compiled, ReLike
from velvet_text.errors import UnsupportedPattern

FEATURES = frozenset({"named", "linear"})
MAX_MEM = 1 << 28  # ten thousand alternatives do not fit into the default of 8 MiB


def options(*, ignore_case: bool = False) -> Any:
    """Return RE2's options: quiet, and with room for large alternations."""
    made = re2.Options()
    made.log_errors = False
    made.max_mem = MAX_MEM
    made.case_sensitive = not ignore_case
    return made


def compile(  # noqa: A001 - the name that all engines share
    pattern: str, *, ignore_case: bool = False
) -> Compiled:
    """Compile with RE2; no back-references, no lookaround, no possessive repeats."""
    try:
        return ReLike(re2.compile(pattern, options(ignore_case=ignore_case)))
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0]
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
        raise UnsupportedPattern("re2", words) from error
