"""The libraries, one a file, in three folders of rivals: images, video, devices.

The files of one folder offer the same names, so a diff of two files is the difference between two
libraries. They are found by their names.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from velvet_media.errors import BackendUnavailable

SUBJECTS = ("devices", "images", "video")


def names(subject: str) -> tuple[str, ...]:
    """Return the contenders of a subject, installed or not."""
    if subject not in SUBJECTS:
        raise ValueError(f"unknown subject {subject!r}: choose one of {', '.join(SUBJECTS)}")
    folder = str(Path(__file__).parent / subject)
    return tuple(sorted(found.name for found in pkgutil.iter_modules([folder])))


def load(subject: str, name: str) -> Any:
    """Return a contender's module.

    Raises:
        ValueError: no file is called so.
        BackendUnavailable: its library is not installed; the message says how to install it.
    """
    if name not in names(subject):
        raise ValueError(f"unknown {name!r}: choose one of {', '.join(names(subject))}")
    try:
        return importlib.import_module(f"{__name__}.{subject}.{name}")
    except ImportError as error:
        hint = "pip install -r requirements-peers.txt"
        raise BackendUnavailable(name, f"{hint} ({error})") from error


def available(subject: str) -> list[str]:
    """Return the contenders of a subject whose library is installed."""
    found = []
    for name in names(subject):
        try:
            load(subject, name)
        except BackendUnavailable:
            continue
        found.append(name)
    return found
