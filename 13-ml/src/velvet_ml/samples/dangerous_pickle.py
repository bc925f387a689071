"""A model file that runs code when it is loaded; harmless here, and only inside a folder of ours.

What the file runs is `os.mkdir` of one named folder: the marker that shows it ran. `make` refuses a
folder that is not empty, so that nothing of the reader's is ever touched.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path


class _Evil:
    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.marker,)


def make(folder: Path) -> tuple[bytes, Path]:
    """Return a pickle whose loading makes the marker in `folder`, and the marker's path."""
    if any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: the demonstration runs in a new folder only")
    marker = folder / "executed"
    return pickle.dumps(_Evil(str(marker))), marker
