"""What none of the four frameworks does for a program: end well.

A closed pipe, Ctrl-C, SIGTERM, a full disk, a console that cannot encode and a mistake of our
own each get one exit code and at most two lines: ``error: what`` and ``hint: next step``. The
traceback is for `--debug` only. Nothing here knows which framework parsed the words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

from velvet_cli.core import StoreCorrupt, StoreLocked, TaskNotFound
from velvet_cli.errors import UsageError
from velvet_cli.exits import Exit, pipe_code
from velvet_cli.signals import Stopped, handled, stop_now
from velvet_cli.streams import InputMissing, PipeClosed, encode_safe, pipe_errors
from velvet_cli.task import InvalidTask

_DEBUG = "--debug"
_CODES: tuple[tuple[type[BaseException], Exit], ...] = (
    (UsageError, Exit.USAGE),
    (TaskNotFound, Exit.FAILURE),
    (InvalidTask, Exit.DATAERR),
    (StoreCorrupt, Exit.DATAERR),
    (StoreLocked, Exit.TEMPFAIL),
    (InputMissing, Exit.NOINPUT),
    (KeyboardInterrupt, Exit.INTERRUPTED),
    (ImportError, Exit.UNAVAILABLE),
)
_HINTS: tuple[tuple[type[BaseException], str], ...] = (
    (TaskNotFound, "`tasks list` shows the numbers"),
    (StoreCorrupt, "mend or remove that line; nothing was overwritten"),
    (StoreLocked, "try again when the other process is done"),
    (ImportError, "pip install -r requirements.txt -r requirements-peers.txt"),
)


def exit_code_for(error: BaseException) -> int:
    """Return the exit code that an exception stands for; a mistake of ours is 70."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, Stopped):
        # 128 + number, except that Windows' Ctrl-Break (21) means the same as SIGTERM.
        return Exit.INTERRUPTED if error.signum == 2 else Exit.TERMINATED
    if isinstance(error, PipeClosed | BrokenPipeError):
        return pipe_code()
    for kind, code in (*_CODES, *_configuration()):
        if isinstance(error, kind):
            return code
    return Exit.IOERR if isinstance(error, OSError) else Exit.SOFTWARE


def _configuration() -> tuple[tuple[type[BaseException], Exit], ...]:
    # Only a mistake gets here; a start without one need not load these.
    from velvet_cli.config import ConfigError, ConfigNotFound

    return ((ConfigNotFound, Exit.NOINPUT), (ConfigError, Exit.CONFIG))


def explain(error: BaseException, stderr: TextIO | None, *, debug: bool = False) -> int:
    """Tell a user about an exception, in at most two lines; return the exit code.

    A closed pipe and a signal are told by the code alone. With `debug` the traceback comes first.
    """
    code = exit_code_for(error)
    silent = code in (pipe_code(), Exit.INTERRUPTED, Exit.TERMINATED) and not isinstance(
        error, TaskNotFound
    )
    if stderr is None or silent or isinstance(error, SystemExit):
        return code
    lines = []
    if debug:
        import traceback

        lines += traceback.format_exception(type(error), error, error.__traceback__)
    lines.append(f"error: {_what(error, code)}\n")
    if hint := _hint(error, code):
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


def _hint(error: BaseException, code: int) -> str:
    if isinstance(error, UsageError):
        return error.hint
    if code == Exit.SOFTWARE:
        return f"this is our mistake; {_DEBUG} shows where"
    return next((hint for kind, hint in _HINTS if isinstance(error, kind)), "")


def guarded(
    call: Callable[[], int], stdout: TextIO | None, stderr: TextIO | None, *, debug: bool = False
) -> int:
    """Do a call and return its exit code; whatever it raises becomes a code and a message.

    Args:
        call: the program; returns its exit code.
        stdout: flushed at the end, because the last buffer is where a closed pipe hides.
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

    Args:
        main: takes the words after the program's name and returns an exit code.

    Raises:
        SystemExit: always, with the exit code.
    """
    debug = _DEBUG in argv

    def call() -> int:
        with handled(stop_now):
            return main(argv)

    code = guarded(call, sys.stdout, sys.stderr, debug=debug)
    _give_up_on_broken(sys.stdout)
    _give_up_on_broken(sys.stderr)
    raise SystemExit(code)


def _give_up_on_broken(stream: TextIO | None) -> None:
    """Point a stream that cannot be flushed to nowhere, or the interpreter complains at its end."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
