"""Whole programs as contenders: started, fed, awaited and judged by their exit code."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

from velvet.bench.model import Command


def runner(command: Command) -> Callable[[], bytes]:
    """Return a callable that runs the program once and returns its standard output.

    Raises (from the callable):
        RuntimeError: it ended with an exit code that is not among `command.ok`.
        FileNotFoundError: there is no such program.
    """
    environment = {**os.environ, **command.env}

    def run() -> bytes:
        done = subprocess.run(  # noqa: PLW1510 - the exit code is judged below
            list(command.argv),
            input=command.stdin,
            capture_output=True,
            env=environment,
            cwd=command.cwd,
        )
        if done.returncode not in command.ok:
            tail = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
            raise RuntimeError(f"{command.argv[0]} ended with {done.returncode}: {tail[0]}")
        return done.stdout

    return run
