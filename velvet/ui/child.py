"""Run one task in a process of its own: `python -m velvet.ui.child package.module:task JSON`.

A task is a generator function with JSON options. Each event becomes a line on standard output
as soon as it is known; what the task prints goes to standard error. The process ends with the
page that started it, even if that page was killed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

Task = Callable[..., Iterator[dict[str, Any]]]
REFUSED = "refused"
JOB_VARIABLE = "VELVET_JOB"  # the folder of the job; absent when a person runs a task by hand


def name_of(task: Task) -> str:
    """Return the text that names a task: ``package.module:function``."""
    return f"{task.__module__}:{task.__qualname__}"


def argv_for(task: str, options: Mapping[str, Any]) -> list[str]:
    """Return the words after the interpreter that run a task."""
    return ["-m", "velvet.ui.child", task, json.dumps(dict(options), ensure_ascii=False)]


def tell(task: str, options: Mapping[str, Any], sink: TextIO) -> int:
    """Run a task and write its events; returns the exit code.

    A `ValueError` is the task's refusal of its options: its sentence is told as an event.
    """
    module, _, function = task.partition(":")
    run: Task = getattr(importlib.import_module(module), function)
    try:
        for event in run(**options):
            sink.write(json.dumps(event) + "\n")
            sink.flush()
    except ValueError as error:
        sink.write(json.dumps({"type": REFUSED, "sentence": str(error)}) + "\n")
        sink.flush()
        return 2
    return 0


def _leave_page_out(package: str) -> None:
    """Make a task's package without running its `__init__`, which imports Streamlit for the page."""
    spec = importlib.util.find_spec(package) if package and package not in sys.modules else None
    if spec is not None:
        sys.modules[package] = importlib.util.module_from_spec(spec)


def _end_with_the_page() -> None:
    """Wait until the page is gone, then end this process, what it started, and its folder."""
    if os.name == "posix":
        while os.read(0, 1):  # the page holds the other end and never writes
            pass
    else:  # pragma: no cover - a pending read would block the start of children there
        import psutil

        psutil.Process(os.getppid()).wait()
    shutil.rmtree(os.environ[JOB_VARIABLE], ignore_errors=True)
    if os.name == "posix":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)  # pragma: no cover - Windows only


def main() -> int:
    """Run the task that the command line names."""
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # a task's own prints are no events
    if JOB_VARIABLE in os.environ:
        threading.Thread(target=_end_with_the_page, daemon=True).start()
    _leave_page_out(sys.argv[1].partition(":")[0].rpartition(".")[0])
    with sink:
        return tell(sys.argv[1], json.loads(sys.argv[2]), sink)


if __name__ == "__main__":
    raise SystemExit(main())
