"""Run a rival's command in a project and measure the CPU time of all that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from velvet_testing.contenders import PATIENCE_S, Project


def command(project: Project, words: Sequence[str]) -> tuple[str, float, float]:
    """Return what it printed, its CPU and its wall seconds.

    Raises:
        RuntimeError: it failed; the message is the end of what it said.
    """
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(project.source.parent),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    environment.pop("PYTEST_ADDOPTS", None)
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        list(words),
        cwd=project.folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=PATIENCE_S,
        check=False,
    )
    wall, after = time.perf_counter() - started, os.times()
    if done.returncode:
        raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-400:]}")
    cpu = after.children_user + after.children_system
    return done.stdout, cpu - before.children_user - before.children_system, wall
