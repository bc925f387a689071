"""A generator function in a child process that ends at its budget, whatever it is doing.

`run` starts `python -m velvet_text._child`, which writes a line of JSON for each thing that the
function yields. The child ends itself by `faulthandler`, whose thread needs no lock of the
interpreter and so works while `re` holds it; it does not even outlive a parent that was killed.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from velvet_text.errors import TextError

_START_S = 20.0  # for the interpreter and its imports; the budget is of the work alone


def run(
    call: str, options: Mapping[str, Any], *, budget_s: float, memory_mb: int | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """Return what a function yielded in a child, and whether it was stopped before its end.

    Args:
        call: ``package.module:function``.
        options: its arguments, as JSON knows them.
        memory_mb: address space of the child, where the system can limit it.

    Raises:
        TextError: the function refused its arguments, or the budget is not positive and finite.
    """
    check_budget(budget_s)
    job = {"call": call, "options": options, "budget_s": budget_s, "memory_mb": memory_mb}
    argv = [sys.executable, "-m", __name__]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            out, _ = child.communicate(json.dumps(job).encode(), timeout=_START_S + budget_s)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
        except BaseException:  # Ctrl-C: the child must not go on
            child.kill()
            raise
    lines = [json.loads(line) for line in out.splitlines() if line.endswith(b"}")]
    for line in lines:
        if "refused" in line:
            raise TextError(line["refused"])
    return lines, child.returncode != 0


def check_budget(budget_s: float) -> None:
    """Raise a TextError for a budget that is not positive and finite."""
    if not 0 < budget_s < math.inf:
        raise TextError(f"budget_s must be positive and finite, not {budget_s}")


def lines_of(job: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield what a job's function yields; its refusal as an event."""
    module, _, name = job["call"].partition(":")
    try:
        yield from getattr(importlib.import_module(module), name)(**job["options"])
    except (ValueError, ImportError) as error:
        yield {"refused": str(error)}
    except MemoryError:
        yield {"refused": f"needs more than {job['memory_mb']} MB of memory"}


def limit_memory(megabytes: int) -> None:
    """Limit the address space of this process; does nothing where the system cannot."""
    try:
        import resource
    except ImportError:  # Windows
        return
    size = megabytes << 20
    if sys.platform == "linux":  # macOS accepts the limit and does not keep it
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def main() -> None:
    """Answer the job on standard input."""
    job = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what the watchdog would say about the stack
    if job["memory_mb"]:
        limit_memory(job["memory_mb"])
    importlib.import_module(job["call"].partition(":")[0])
    faulthandler.dump_traceback_later(float(job["budget_s"]), exit=True)
    for line in lines_of(job):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
