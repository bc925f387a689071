"""What none of the four frameworks does for a program: end well.

A closed pipe, Ctrl-C, SIGTERM, a full disk and a mistake of our own each get one exit code and at
most two lines: ``error: what`` and ``hint: next step``. The traceback is for `--debug` only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

from velvet_cli.contract import UsageError
from velvet_cli.exits import Exit, pipe_code
from velvet_cli.signals import Stopped, handled, stop_now
from velvet_cli.store import InvalidTask, StoreCorrupt, StoreLocked, TaskNotFound
from velvet_cli.streams import InputMissing, PipeClosed, encode_safe, pipe_errors

_DEBUG = "--debug"
Kind = tuple[type[BaseException], Exit, str]


def _kinds() -> Iterator[Kind]:
    """Yield exception, exit code and hint; the first that matches counts."""
    yield UsageError, Exit.USAGE, ""
    yield TaskNotFound, Exit.FAILURE, "`tasks list` shows the numbers"
    yield InvalidTask, Exit.DATAERR, ""
    yield StoreCorrupt, Exit.DATAERR, "mend or remove that line; nothing was overwritten"
    yield StoreLocked, Exit.TEMPFAIL, "try again when the other process is done"
    yield InputMissing, Exit.NOINPUT, ""
    yield KeyboardInterrupt, Exit.INTERRUPTED, ""
    need = "pip install -r requirements.txt -r requirements-peers.txt"
    yield ImportError, Exit.UNAVAILABLE, need
    # Only a mistake gets here; a start without one need not load these.
    from velvet_cli.config import ConfigError, ConfigNotFound

    yield ConfigNotFound, Exit.NOINPUT, ""
    yield ConfigError, Exit.CONFIG, ""
    yield OSError, Exit.IOERR, ""
    yield BaseException, Exit.SOFTWARE, f"this is our mistake; {_DEBUG} shows where"


def exit_code_for(error: BaseException) -> int:
    """Return the exit code that an exception stands for; a mistake of ours is 70."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, Stopped):
        # 128 + number, except that Windows' Ctrl-Break (21) means the same as SIGTERM.
        return Exit.INTERRUPTED if error.signum == 2 else Exit.TERMINATED
    if isinstance(error, PipeClosed | BrokenPipeError):
        return pipe_code()
    return next(code for kind, code, _ in _kinds() if isinstance(error, kind))


def explain(error: BaseException, stderr: TextIO | None, *, debug: bool = False) -> int:
    """Report an exception to the user in at most two lines; return the exit code.

    A closed pipe and a signal are told by the code alone. With `debug` the traceback comes first.
    """
    code = exit_code_for(error)
    silent = SystemExit, Stopped, PipeClosed, BrokenPipeError, KeyboardInterrupt
    if stderr is None or isinstance(error, silent):
        return code
    lines = []
    if debug:
        import traceback

        lines += traceback.format_exception(type(error), error, error.__traceback__)
    lines.append(f"error: {_what(error, code)}\n")
    hint = next(hint for kind, _, hint in _kinds() if isinstance(error, kind))
    if hint := error.hint if isinstance(error, UsageError) else hint:
        lines.append(f"hint: {hint}\n")
    with suppress(OSError, ValueError):
        stderr.write(encode_safe("".join(lines), stderr))
        stderr.flush()
    return code


def _what(error: BaseException, code: int) -> str:
    if code == Exit.SOFTWARE:
        return f"unexpected {type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'output'}: {error.strerror}"
    return str(error)


def guarded(
    call: Callable[[], int], stdout: TextIO | None, stderr: TextIO | None, *, debug: bool = False
) -> int:
    """Do a call and return its exit code; whatever it raises becomes a code and a message.

    `stdout` is flushed at the end, because the last buffer is where a closed pipe hides.
    """
    try:
        code = call()
        if stdout is not None:
            with pipe_errors():
                stdout.flush()
    except BaseException as error:  # noqa: BLE001 - a program always ends with a code
        code = explain(error, stderr, debug=debug)
    return int(code)


def run(main: Callable[[Sequence[str]], int], argv: Sequence[str]) -> NoReturn:
    """Run a program as a process: signals, streams and the exit code of its end.

    `main`: takes the words after the program's name and returns an exit code. Raises SystemExit.
    """

    def call() -> int:
        with handled(stop_now):
            return main(argv)

    code = guarded(call, sys.stdout, sys.stderr, debug=_DEBUG in argv)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            _give_up_on_broken(stream)
    raise SystemExit(code)


def _give_up_on_broken(stream: TextIO) -> None:
    """Point a stream that cannot be flushed to nowhere, or the interpreter complains at its end."""
    try:
        stream.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
