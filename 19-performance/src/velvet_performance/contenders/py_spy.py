"""py-spy: another process that reads the interpreter's memory; the program does not notice.

Threads that wait are left out unless `idle` asks for them, which turns it from a profiler of
the processor into one of the clock.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

from velvet_performance.contenders import Watch, missing
from velvet_performance.errors import ProfilerOutputError
from velvet_performance.profiles import Profile, from_stacks
from velvet_performance.stacks import parse_collapsed

KIND, MEASURES, PACKAGE, SCALE = "sampling", "cpu", "py-spy", 1.0
VARIANTS, MAJORS = ("", "idle"), (0,)
RATE, FILE = 200, "run.collapsed"


def program() -> str:
    """Return the path of the binary; empty when there is none."""
    beside = shutil.which("py-spy", path=sysconfig.get_path("scripts"))
    return beside or shutil.which("py-spy") or ""


def available() -> str:
    """Look for the binary and for the right to start a traced child."""
    if not program():
        return missing(PACKAGE) or "the program py-spy is not on the path"
    if sys.platform == "darwin":
        return "py-spy needs root on macOS (sudo py-spy record ...)"
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    if scope.is_file() and scope.read_text(encoding="ascii").strip() == "3":
        return "ptrace is switched off on this machine (kernel.yama.ptrace_scope is 3)"
    return ""


def command(argv: list[str], watch: Watch) -> list[str]:
    """Return the command line: raw output is collapsed stacks."""
    idle = ["--idle"] if watch.variant == "idle" else []
    options = ["--format", "raw", "--rate", str(RATE), "--output", str(watch.folder / FILE)]
    return [program(), "record", *options, *idle, "--", *argv]


def read(watch: Watch) -> Profile:
    """Return the profile of the file that py-spy wrote."""
    path = watch.folder / FILE
    if not path.is_file():
        raise ProfilerOutputError("py-spy", "", "no output file")
    stacks = parse_collapsed(path.read_bytes())
    kept = stacks.under("profiled_region", or_root="_bootstrap")
    if not kept:
        raise ProfilerOutputError("py-spy", "", f"no sample of the program in {len(stacks)} stacks")
    return from_stacks(kept, samples=round(kept.total))
