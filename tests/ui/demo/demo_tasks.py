"""What the children of the demonstration page compute."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def count(steps: int = 5, pause_ms: int = 0) -> Iterator[dict[str, Any]]:
    """Tell some squares; leaves a file behind in its temporary folder."""
    if steps > 90:
        raise ValueError(f"Steps must be 1 to 90, not {steps}")
    print("a task may print")
    Path(tempfile.gettempdir(), "left-behind").write_text("x", encoding="utf-8")
    yield {"type": "plan", "total": steps}
    for step in range(steps):
        yield {"type": "square", "n": step, "square": step * step, "pid": os.getpid()}
        threading.Event().wait(pause_ms / 1000)


def stays() -> Iterator[dict[str, Any]]:
    """Tell where it works, then stay until it is ended."""
    yield {"type": "here", "pid": os.getpid(), "folder": tempfile.gettempdir()}
    threading.Event().wait()


def breaks() -> Iterator[dict[str, Any]]:
    """Tell one event, then end badly."""
    yield {"type": "square", "n": 0, "square": 0}
    raise RuntimeError("the floor gave way")
