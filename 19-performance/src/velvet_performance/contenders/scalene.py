"""Scalene: signals of a timer, split into Python, native and system time; memory on request.

It starts the program itself, so imports and input are in its picture; stacks cut them off. Where
it has hardly any stacks, as for a second thread, its table of functions answers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from velvet_performance.contenders import Watch, missing
from velvet_performance.errors import ProfilerOutputError
from velvet_performance.profiles import Profile, Row, from_stacks
from velvet_performance.stacks import Stacks

KIND, MEASURES, PACKAGE, SCALE = "sampling", "cpu", "scalene", 1.0
VARIANTS, MAJORS = ("cpu", "full"), (2,)
FILE, FEW_STACKS = "scalene.json", 20


def available() -> str:
    """Look for the distribution."""
    return missing(PACKAGE)


def command(argv: list[str], watch: Watch) -> list[str]:
    """Return the command line; the program is a script of two lines beside its job."""
    script = watch.folder / "start.py"
    script.write_text(
        "from velvet_performance.target import main\n\nif __name__ == '__main__':\n"
        f"    main({argv[-1]!r})\n",
        encoding="utf-8",
    )
    package = str(Path(__file__).resolve().parents[1])
    only = ["--cpu-only"] if watch.variant == "cpu" else []
    options = ["--outfile", str(watch.folder / FILE), "--program-path", package]
    return [sys.executable, "-m", "scalene", "run", *only, *options, str(script)]


def read(watch: Watch) -> Profile:
    """Return the profile of the JSON that Scalene wrote.

    Raises:
        ProfilerOutputError: it has neither stacks nor functions.
    """
    path = watch.folder / FILE
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stacks = _stacks(told.get("combined_stacks") or ())
        inside = stacks.under("profiled_region", or_root="_bootstrap")
        if inside.total >= FEW_STACKS:
            return from_stacks(inside, samples=round(inside.total))
        rows = tuple(
            Row(one["line"], cost, cost, 0, file, one["lineno"])
            for file, about in told["files"].items()
            for one in about["functions"]
            if (cost := one["n_cpu_percent_python"] + one["n_cpu_percent_c"] + one["n_sys_percent"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProfilerOutputError("scalene", "", f"{path.name}: {error!r}") from None
    if not rows:
        raise ProfilerOutputError("scalene", "", "no samples of the program")
    return Profile(rows, "percent")


def _stacks(combined: Any) -> Stacks:
    weights: dict[tuple[str, ...], float] = {}
    for frames, count in combined:
        path = tuple(frame["display_name"] for frame in frames if frame["kind"] == "py")
        if path:
            weights[path] = weights.get(path, 0.0) + count
    return Stacks(weights)
