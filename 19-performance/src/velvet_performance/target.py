"""What runs in the child that is profiled: build the input, run the program once, tell the cost.

`python -m velvet_performance.target JOB.json` needs the standard library only, so that any
interpreter can be measured without installing this package for it. A tool that lives inside the
process is switched on around the run, after imports and input; a tool that watches from outside
sees everything, and is asked later for what lies below `profiled_region`.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from velvet_performance import contenders, programs


def digest(result: Any) -> str:
    """Return a short text that is equal for equal results, in any process and version."""
    return hashlib.sha256(repr(result).encode()).hexdigest()[:16]


def _service(step: int, size: int) -> Any:
    from velvet_performance import service

    return service.as_program(step, size)


def main(path: str | None = None) -> None:
    """Run the job of a file and write `outcome.json` beside it."""
    place = Path(path or sys.argv[1])
    job = json.loads(place.read_text(encoding="utf-8"))
    program = (
        _service(job["step"], job["size"])
        if job["program"] == "service"
        else programs.get(job["program"])
    )
    given = program.build(job["size"])
    outcome: dict[str, Any] = {}
    sections = programs.Sections(program)

    def profiled_region() -> Any:
        began, cpu = time.perf_counter(), time.process_time()
        result = program.run(given)
        outcome["cpu_s"] = time.process_time() - cpu
        outcome["wall_s"] = time.perf_counter() - began
        return result

    def whole() -> Any:
        if not job["tool"]:
            return profiled_region()
        record: Callable[..., Any] = contenders.load(job["tool"]).record
        watch = contenders.Watch(tuple(functions), place.parent, job["variant"], program.name)
        return record(profiled_region, watch)

    functions = program.functions()  # before timers stand in their place
    if job["sections"]:
        with sections.installed():
            result = whole()
    else:
        result = whole()
    outcome |= {"digest": digest(result), "inflated": sections.shares(), "python": sys.version}
    (place.parent / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main()
