"""What every use of the command pays: its start, as a ratio to a bare interpreter."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAIRS = 9
# The last one reads the metadata of distributions, so its cost grows with their number.
HEAVY = {"rich", "streamlit", "plotly", "psutil", "jsonschema", "asyncio", "importlib.metadata"}
CLOCK_TICK_S = 1 / 64  # of Windows, whose clock of CPU time is the coarsest
if os.name == "posix":
    CLOCK_TICK_S = 0.001
COMMAND = "from velvet.cli import main\nmain(prog_name='velvet')\n"
# Written as the last thing of a process; `time` is built in, so asking costs nothing.
REPORT = (
    "import atexit, sys, time\n"
    "atexit.register(lambda: print(time.process_time(), file=sys.stderr))\n"
)
SPY = (
    "import atexit, json, os, sys\n"
    "names = lambda: open(os.environ['LOADED'], 'w').write(json.dumps(sorted(sys.modules)))\n"
    "atexit.register(names)\n"
)


def cpu_seconds(code: str, *words: str) -> float:
    """Run a fresh interpreter and return its CPU time from its very start, in seconds."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT + code, *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stderr.splitlines()[-1])


@pytest.mark.parametrize(("word", "bound"), [("--help", 15), ("list", 25)])
def test_a_start_costs_a_bounded_multiple_of_a_bare_interpreter(word, bound):
    cpu_seconds(COMMAND, word)  # fills the byte-code cache

    ratios = [
        cpu_seconds(COMMAND, word) / max(CLOCK_TICK_S, cpu_seconds("pass")) for _ in range(PAIRS)
    ]

    assert statistics.median(ratios) <= bound


def loaded(notes: Path, code: str, *words: str) -> set[str]:
    """Return the modules that a fresh interpreter has imported at its end."""
    subprocess.run(
        [sys.executable, "-c", SPY + code, *words],
        cwd=ROOT,
        env={**os.environ, "LOADED": str(notes)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return set(json.loads(notes.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (COMMAND, ["--help"]),
        (COMMAND, ["list"]),
        ("from velvet.__main__ import main\nmain()\n", ["--help"]),
        ("from velvet.examples import example, main\nmain()\n", ["--list"]),
    ],
)
def test_a_start_imports_nothing_heavy_and_does_not_look_at_what_is_installed(
    tmp_path, code, words
):
    notes = tmp_path / "loaded.json"

    ours = loaded(notes, code, *words) - loaded(notes, "pass")

    assert any(name.startswith("velvet.") for name in ours)
    assert ours & HEAVY == set()
