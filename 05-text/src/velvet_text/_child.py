"""A generator function in a child process that ends at its budget, whatever it is doing.

`stream` starts `python -m velvet_text._child`, which writes a line of JSON for each thing that the
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
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from velvet_text.errors import TextError

_START_S = 20.0  # for the interpreter and its imports; the budget is of the work alone


def stream(
    call: str, options: Mapping[str, Any], *, budget_s: float, memory_mb: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield what a function yields in a child, as it comes; `{"stopped": true}` if it was killed.

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
        end = threading.Timer(_START_S + budget_s, child.kill)  # for one that does not even start
        end.start()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps(job).encode())
            child.stdin.close()
            for line in child.stdout:
                if line.endswith(b"}\n"):  # a killed child may leave half a line
                    event = json.loads(line)
                    if "refused" in event:
                        raise TextError(event["refused"])
                    yield event
            if child.wait():
                yield {"stopped": True}
        finally:
            end.cancel()
            end.join()
            child.kill()  # on Ctrl-C, or when the caller stops reading; does nothing after its end


def run(
    call: str, options: Mapping[str, Any], *, budget_s: float, memory_mb: int | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """Return all that `stream` yields, and whether the child was stopped before its end."""
    lines = list(stream(call, options, budget_s=budget_s, memory_mb=memory_mb))
    stopped = bool(lines) and "stopped" in lines[-1]
    return lines[:-1] if stopped else lines, stopped


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
