"""The edge of the program: where the process's own streams, environment and folder come in."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TextIO

from velvet_cli.actions import Session, perform
from velvet_cli.contract import CONTRACT
from velvet_cli.core import StoreCorrupt, TaskNotFound
from velvet_cli.runner import guarded, run
from velvet_cli.task import InvalidTask

RAW = "raw-"
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
    """Run one hardened front end and return its exit code; see `Frontend.main`.

    Args:
        name: argparse, click, typer or cyclopts.
        signals: whether `work` may take over the process's signals.
    """
    out, err = stdout or sys.stdout, stderr or sys.stderr
    session = Session(
        os.environ if env is None else env,
        stdin or sys.stdin,
        out,
        err,
        Path.cwd(),
        signals=signals,
    )

    def call() -> int:
        front = import_module(f"velvet_cli.frontends.{name}_app")
        return int(front.call(list(argv), lambda parsed: perform(parsed, session)))

    with redirect_stdout(out), redirect_stderr(err):
        return guarded(call, out, err, debug="--debug" in argv)


def start(name: str, argv: Sequence[str]) -> NoReturn:
    """Run one front end as this process, hardened, or as it comes for a name with ``raw-``.

    A question of a completion script is answered before any framework is loaded.

    Raises:
        SystemExit: with the exit code.
    """
    if list(argv[:1]) == [COMPLETE]:
        run(_answered, argv[1:])
    if name.startswith(RAW):
        raise SystemExit(_raw(name.removeprefix(RAW), argv))
    run(lambda words: main(name, words, signals=True), argv)


def _answered(question: Sequence[str]) -> int:
    from velvet_cli.completion import answer

    # As UTF-8 whatever the console can encode: shells read bytes.
    sys.stdout.buffer.write(answer(question, os.environ, cwd=Path.cwd()).encode())
    return 0


def _raw(name: str, argv: Sequence[str]) -> int:
    """Do what a tutorial does: the framework's own defaults, and a message for known mistakes."""
    session = Session(os.environ, sys.stdin, sys.stdout, sys.stderr, Path.cwd(), plain=True)
    front = import_module(f"velvet_cli.frontends.{name}_app")
    sys.argv = [CONTRACT.prog, *argv]
    try:
        return int(front.raw(list(argv), lambda parsed: perform(parsed, session)) or 0)
    except (TaskNotFound, InvalidTask, StoreCorrupt) as error:
        raise SystemExit(f"error: {error}") from None
