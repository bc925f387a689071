"""Advice that is passed on, as pairs of functions: what was said to be slow, what instead.

Each pair computes the same. `times` measures them in interleaved rounds; `times_under` asks
another interpreter of this machine, because most of this advice was true once: it names a cost
that a later version of Python removed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from velvet_performance.samples.advice import ADVICE

VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def times(name: str, rounds: int = 25) -> float:
    """Return how many times longer the warned way takes: the median of interleaved rounds.

    Raises:
        ValueError: no advice is called so.
    """
    if name not in ADVICE:
        raise ValueError(f"unknown advice {name!r}: choose one of {', '.join(ADVICE)}")
    _, warned, praised = ADVICE[name]
    ratios = []
    for number in range(rounds + 3):
        begun = time.process_time_ns()
        for _ in range(5):
            warned()
        middle = time.process_time_ns()
        for _ in range(5):
            praised()
        ended = time.process_time_ns()
        if number >= 3:  # the specialising interpreter needs a few calls
            ratios.append((middle - begun) / max(1, ended - middle))
    return statistics.median(ratios)


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine: its version as x.y, and its program."""

    version: str
    path: str


@lru_cache(maxsize=1)
def interpreters() -> dict[str, Interpreter]:
    """Return the Pythons that are on the path or beside this one, by version; this one as itself.

    Each candidate is started once, because a version manager's shim may lead nowhere.
    """
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = {own: Interpreter(own, sys.executable)}
    for version in VERSIONS:
        for path in _candidates(version):
            if version not in found and _version_of(path) == version:
                found[version] = Interpreter(version, path)
    return dict(sorted(found.items(), key=lambda item: tuple(map(int, item[0].split(".")))))


def _candidates(version: str) -> Iterable[str]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    beside = Path(sys.base_prefix).parent
    for folder in sorted(beside.glob(f"*{version}*")):
        yield str(folder / "bin" / "python3")
        yield str(folder / "python.exe")


def _version_of(path: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [path, "-c", code], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def times_under(python: Interpreter, names: Iterable[str] = tuple(ADVICE)) -> dict[str, float]:
    """Return `times` of several pieces of advice under another interpreter.

    Needs nothing but its standard library.
    """
    code = (
        "import json, sys; from velvet_performance.folklore import times;"
        "print(json.dumps({name: times(name) for name in sys.argv[1:]}))"
    )
    source = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [python.path, "-c", code, *names],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found: dict[str, float] = json.loads(re.sub(r"^[^{]*", "", done.stdout))
    return found
