"""The libraries, one a file, in three folders of rivals: hashing, jose, saml.

The files of one folder offer the same names, so a diff of two files is the difference between two
libraries. They are found by their names.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

SUBJECTS = ("hashing", "jose", "saml")


def names(subject: str) -> tuple[str, ...]:
    """Return the contenders of a subject."""
    if subject not in SUBJECTS:
        raise ValueError(f"unknown subject {subject!r}: choose one of {', '.join(SUBJECTS)}")
    folder = str(Path(__file__).parent / subject)
    return tuple(sorted(found.name for found in pkgutil.iter_modules([folder])))


def load(subject: str, name: str) -> Any:
    """Return a contender's module.

    Raises:
        ValueError: no file is called so.
        ImportError: its library is not installed.
    """
    if name not in names(subject):
        raise ValueError(f"unknown {name!r}: choose one of {', '.join(names(subject))}")
    return importlib.import_module(f"{__name__}.{subject}.{name}")
