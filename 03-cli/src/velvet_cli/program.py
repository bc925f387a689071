"""The edge of the program: where the process's own streams, environment and folder come in."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NoReturn, TextIO

from velvet_cli import contenders
from velvet_cli.actions import Session, perform
from velvet_cli.contract import CONTRACT
from velvet_cli.runner import guarded, run
from velvet_cli.store import InvalidTask, StoreCorrupt, TaskNotFound

# What completion scripts ask with. It is no option: no front end sees it, and help does not show it.
COMPLETE = "--complete"


def main(
    name: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    signals: bool = False,
) -> int:
    """Run one hardened front end in this process and return its exit code; never raises.

    Streams and environment are the process's own by default. Not thread-safe: frameworks write help
    to `sys.stdout`, so it is swapped meanwhile. `signals`: `work` may take them over.
    """
    out, err = stdout or sys.stdout, stderr or sys.stderr
    full = os.environ if env is None else env
    session = Session(full, stdin or sys.stdin, out, err, _here(), signals=signals)

    def call() -> int:
        front = contenders.load(name)
        return int(front.call(list(argv), lambda parsed: perform(parsed, session)))

    with redirect_stdout(out), redirect_stderr(err):
        return guarded(call, out, err, debug="--debug" in argv)


def start(name: str, argv: Sequence[str]) -> NoReturn:
    """Run one front end as this process, hardened, or for ``raw-`` as it comes; SystemExit.

    A question of a completion script is answered before any framework is loaded.
    """
    if list(argv[:1]) == [COMPLETE]:
        run(_answered, argv[1:])
    if name.startswith(contenders.RAW):
        raise SystemExit(_raw(name.removeprefix(contenders.RAW), argv))
    run(lambda words: main(name, words, signals=True), argv)


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # removed by another process; `--version` works all the same
        return Path()


def _answered(question: Sequence[str]) -> int:
    from velvet_cli.completion.answer import answer

    # As UTF-8 whatever the console can encode: shells read bytes.
    sys.stdout.buffer.write(answer(question, os.environ, cwd=_here()).encode())
    return 0


def _raw(name: str, argv: Sequence[str]) -> int:
    """Do what a tutorial does: the framework's own defaults, and a message for known mistakes."""
    session = Session(os.environ, sys.stdin, sys.stdout, sys.stderr, _here(), plain=True)
    sys.argv = [CONTRACT.prog, *argv]
    try:
        front = contenders.load(name)
        return int(front.raw(list(argv), lambda parsed: perform(parsed, session)) or 0)
    except (TaskNotFound, InvalidTask, StoreCorrupt) as error:
        raise SystemExit(f"error: {error}") from None
