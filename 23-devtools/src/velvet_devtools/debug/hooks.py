"""What `breakpoint()` does, and log lines from a program that stays as it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from velvet_devtools.debug.values import written

# PYTHONBREAKPOINT is read by the interpreter's own hook at each call of `breakpoint()`.
CHOICES = {"off": "0", "pdb": "pdb.set_trace", "debugpy": "debugpy.breakpoint"}


@contextmanager
def breakpoints(choice: str) -> Iterator[None]:
    """Let `breakpoint()` do nothing, open pdb, or stop an attached debugger, within the block.

    >>> with breakpoints("off"):
    ...     breakpoint()

    Raises:
        ValueError: there is no such choice.
    """
    if choice not in CHOICES:
        raise ValueError(f"breakpoint() may go to {', '.join(CHOICES)}, not to {choice!r}")
    hook, before = sys.breakpointhook, os.environ.get("PYTHONBREAKPOINT")
    sys.breakpointhook = sys.__breakpointhook__
    os.environ["PYTHONBREAKPOINT"] = CHOICES[choice]
    try:
        yield
    finally:
        sys.breakpointhook = hook
        os.environ.pop("PYTHONBREAKPOINT", None)
        if before is not None:
            os.environ["PYTHONBREAKPOINT"] = before


@contextmanager
def logpoints(template: str, told: Callable[[str], None]) -> Iterator[None]:
    """Let `breakpoint()` tell a line made from the caller's variables instead of stopping.

    >>> lines = []
    >>> total = 7
    >>> with logpoints("total is {total}", lines.append):
    ...     breakpoint()
    >>> lines
    ['total is 7']
    """
    hook = sys.breakpointhook

    def tell(*_: Any, **__: Any) -> None:
        here = sys._getframe(1).f_locals
        values = {name: written(value) for name, value in dict(here).items()}
        try:
            told(template.format_map(values))
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            told(f"{template} <{type(error).__name__}: {error}>")

    sys.breakpointhook = tell
    try:
        yield
    finally:
        sys.breakpointhook = hook


def source_line(path: Path, text: str) -> int:
    """Return the line of a file that holds a text, for a breakpoint that survives edits above it.

    Raises:
        ValueError: no line or several hold it.
    """
    rows = path.read_text(encoding="utf-8").splitlines()
    found = [number for number, row in enumerate(rows, 1) if text in row]
    if len(found) != 1:
        raise ValueError(f"{len(found)} lines of {path.name} hold {text!r}; one must")
    return found[0]
