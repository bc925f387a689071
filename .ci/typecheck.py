"""mypy over everything: one call over the toolkit and all packages, one a module for its scripts.

Two files of one name, such as the `app.py` of two modules, cannot be checked in one call.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ("app.py", "benchmarks/measure.py")


def scripts() -> list[list[str]]:
    """Return the scripts of each module in the new shape, which the packages' call leaves out."""
    found = []
    for package in sorted(ROOT.glob("[0-9][0-9]-*/src/velvet_*/comparisons")):
        folder = package.parents[2]
        files = [folder / name for name in SCRIPTS if (folder / name).is_file()]
        found.append([file.relative_to(ROOT).as_posix() for file in files])
    return found


def main() -> int:
    """Check everything; returns 0 when no call complains."""
    codes = []
    for files in ([], *scripts()):
        argv = [sys.executable, "-m", "mypy", *files]
        codes.append(subprocess.run(argv, cwd=ROOT, check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
