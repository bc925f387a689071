"""The explorer's work, told as JSON lines by a process of its own.

`python -m velvet_cli.explorer.child '["laps", {"bars": ["tqdm"], ...}]'` is what a page starts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

from velvet_cli.explorer.faces import faces
from velvet_cli.explorer.laps import laps
from velvet_cli.explorer.rules import cells
from velvet_cli.explorer.starts import lazily, starts

TASKS: Mapping[str, Callable[..., Iterator[dict[str, Any]]]] = {
    "faces": faces,
    "starts": starts,
    "lazily": lazily,
    "cells": cells,
    "laps": laps,
}


def argv_for(task: str, **options: Any) -> list[str]:
    """Return the words after the interpreter that start a task in a child.

    Raises:
        ValueError: there is no such task.
    """
    if task not in TASKS:
        raise ValueError(f"no task {task!r}; known are {', '.join(TASKS)}")
    return ["-m", "velvet_cli.explorer.child", json.dumps([task, options])]


def tell(request: str, sink: TextIO) -> None:
    """Do what a request asks for, one line an event, each as soon as it is known.

    Raises:
        ValueError: the task refuses its options.
    """
    task, options = json.loads(request)
    for event in TASKS[task](**options):
        sink.write(json.dumps(event) + "\n")
        sink.flush()


if __name__ == "__main__":
    tell(sys.argv[1], sys.stdout)
