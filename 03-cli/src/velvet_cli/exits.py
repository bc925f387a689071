"""What an exit code means: one table for the program, its tests and its users.

Frameworks settle 0 and 2; the rest is from sysexits.h (BSD), which says *whose* mistake it was, and
from the shells' 128 plus the signal's number. Windows has no signals: Ctrl-Break gives 143, a
closed pipe 1.
"""

from __future__ import annotations

import sys
from enum import IntEnum


class Exit(IntEnum):
    """Every code that `tasks` may end with."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    DATAERR = 65
    NOINPUT = 66
    UNAVAILABLE = 69
    SOFTWARE = 70
    IOERR = 74
    TEMPFAIL = 75
    CONFIG = 78
    INTERRUPTED = 130
    PIPE = 141
    TERMINATED = 143


_MEANING = {
    Exit.OK: "it worked",
    Exit.FAILURE: "the question was understood, and the answer is no",
    Exit.USAGE: "used wrongly: see --help",
    Exit.DATAERR: "the data given is not valid",
    Exit.NOINPUT: "a file that was named cannot be read",
    Exit.UNAVAILABLE: "something optional that this needs is not installed",
    Exit.SOFTWARE: "a mistake in the program: please report it",
    Exit.IOERR: "reading or writing failed (disk full, no permission)",
    Exit.TEMPFAIL: "busy: the same command may work later",
    Exit.CONFIG: "a configuration file is wrong",
    Exit.INTERRUPTED: "ended by Ctrl-C (128 + SIGINT)",
    Exit.PIPE: "the reader closed the pipe (128 + SIGPIPE)",
    Exit.TERMINATED: "asked to end (128 + SIGTERM)",
}
_SIGNALS = 128


def describe(code: int) -> str:
    """Return what an exit code means; a negative one is how `subprocess` shows a signal.

    >>> describe(65), describe(-9)
    ('the data given is not valid', 'killed by signal 9')
    """
    if code in _MEANING:
        return _MEANING[Exit(code)]
    if code < 0 or _SIGNALS < code < _SIGNALS + 65:
        return f"killed by signal {-code if code < 0 else code - _SIGNALS}"
    return f"exit code {code}, which has no agreed meaning"


def pipe_code(platform: str = sys.platform) -> Exit:
    """Return the code for a closed pipe: 141 where SIGPIPE exists, 1 on Windows."""
    return Exit.FAILURE if platform == "win32" else Exit.PIPE
