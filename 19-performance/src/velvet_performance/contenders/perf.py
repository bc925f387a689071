"""perf: the kernel's sampler; it sees C as well as Python where Python writes a map for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from velvet_performance.contenders import Watch
from velvet_performance.errors import ProfilerOutputError
from velvet_performance.profiles import Profile, from_stacks
from velvet_performance.stacks import Stacks

KIND, MEASURES, PACKAGE, SCALE = "sampling", "cpu", "", 1.0
VARIANTS, MAJORS = ("",), (6,)
FILE = "perf.data"


def available() -> str:
    """Look for the program, the right to use it, and frame pointers in this Python."""
    if sys.platform != "linux" or sys.version_info < (3, 12):
        return "perf shows Python functions on Linux from Python 3.12 (-X perf)"
    if not shutil.which("perf"):
        return "the program perf is not installed (Debian: apt install linux-perf)"
    paranoid = Path("/proc/sys/kernel/perf_event_paranoid")
    if not paranoid.is_file() or int(paranoid.read_text(encoding="ascii")) > 2:
        return "perf is not allowed here (sysctl kernel.perf_event_paranoid=2)"
    flags = f"{sysconfig.get_config_var('CFLAGS')} {sysconfig.get_config_var('PY_CFLAGS')}"
    if "no-omit-frame-pointer" not in flags:
        return "this Python was built without frame pointers: perf cannot walk its stacks"
    return ""


def command(argv: list[str], watch: Watch) -> list[str]:
    """Return the command line, with the switch that makes Python name its frames."""
    out = str(watch.folder / FILE)
    return ["perf", "record", "-F", "499", "-g", "-o", out, "--", argv[0], "-X", "perf", *argv[1:]]


def read(watch: Watch) -> Profile:
    """Return the profile of what `perf script` prints."""
    done = subprocess.run(
        ["perf", "script", "-i", str(watch.folder / FILE), "-F", "ip,sym"],
        capture_output=True,
        text=True,
        check=False,
    )
    return parse_script(done.stdout)


def parse_script(text: str) -> Profile:
    """Read `perf script`: a block a sample, the leaf first; Python frames begin with `py::`."""
    weights: dict[tuple[str, ...], float] = {}
    for block in text.split("\n\n"):
        frames = [
            line.split("py::", 1)[1].rsplit(":", 1)[0]
            for line in block.splitlines()
            if "py::" in line
        ]
        if frames:
            path = tuple(reversed(frames))
            weights[path] = weights.get(path, 0.0) + 1
    stacks = Stacks(weights).under("profiled_region", or_root="_bootstrap")
    if not stacks:
        raise ProfilerOutputError("perf", "", "no Python frames; built without frame pointers?")
    return from_stacks(stacks, samples=round(stacks.total))
