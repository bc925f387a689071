"""yappi: a call tracer that knows threads and both clocks; the processor's is a system call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from velvet_performance.contenders import Watch, missing
from velvet_performance.profiles import Profile, Row

KIND, MEASURES, PACKAGE, SCALE = "call-trace", "cpu", "yappi", 0.3
VARIANTS, MAJORS = ("cpu", "wall"), (1,)
FILE = "run.json"


def available() -> str:
    """Look for the distribution."""
    return missing(PACKAGE)


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call in all threads."""
    import yappi  # type: ignore[import-untyped,unused-ignore]

    yappi.clear_stats()
    yappi.set_clock_type(watch.variant)
    yappi.start()
    try:
        return call()
    finally:
        yappi.stop()
        told = [
            [one.name, one.tsub, one.ttot, one.ncall, one.module, one.lineno]
            for one in yappi.get_func_stats()
        ]
        (watch.folder / FILE).write_text(json.dumps(told), encoding="utf-8")


def read(watch: Watch) -> Profile:
    """Return the profile of the file that `record` wrote."""
    told = json.loads((watch.folder / FILE).read_text(encoding="utf-8"))
    return Profile(tuple(Row(*row) for row in told))
