"""Whole programs as contenders: started, fed, awaited and judged by their exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from velvet.bench.model import Command

LAUNCHER = [sys.executable, "-S", str(Path(__file__).with_name("launcher.py"))]


def environment(command: Command) -> dict[str, str]:
    """Return the environment of a program: ours with its changes; None takes a variable away."""
    merged = {**os.environ, **command.env}
    return {name: value for name, value in merged.items() if value is not None}


def peak(command: Command) -> dict[str, float]:
    """Run a program once more and return its peak memory in MiB; empty on Windows.

    A small launcher stands between, because a child inherits the peak of whoever starts it.
    """
    if sys.platform == "win32":
        return {}
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "peak"
        subprocess.run(
            [*LAUNCHER, *command.argv],
            input=command.stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment(command), "VELVET_PEAK_FILE": str(note)},
            cwd=command.cwd,
            check=False,
        )
        counted = int(note.read_text(encoding="ascii"))
    return {"peak_mb": counted / (2**20 if sys.platform == "darwin" else 2**10)}


def runner(command: Command) -> Callable[[], bytes]:
    """Return a callable that runs the program once and returns its standard output.

    Raises (from the callable):
        RuntimeError: it ended with an exit code that is not among `command.ok`.
        FileNotFoundError: there is no such program.
    """
    merged = environment(command)

    def run() -> bytes:
        done = subprocess.run(  # noqa: PLW1510 - the exit code is judged below
            list(command.argv),
            input=command.stdin,
            capture_output=True,
            env=merged,
            cwd=command.cwd,
        )
        if done.returncode not in command.ok:
            tail = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
            raise RuntimeError(f"{command.argv[0]} ended with {done.returncode}: {tail[0]}")
        return done.stdout

    return run
