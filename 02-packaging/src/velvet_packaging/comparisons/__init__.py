"""What is measured: one file a subject, each with `add_to(suite)`.

Every build is a child in a scratch folder with a fresh copy of its project, because some backends
leave files beside the sources that the next build would pack. A backend that is not installed is a
row with its reason.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from velvet.bench import Absent
from velvet_packaging import contenders
from velvet_packaging.project import ProjectSpec
from velvet_packaging.rendering import render

QUICK = ("uv_build", "flit_core", "hatchling", "setuptools")


def tier(name: str) -> str:
    """Return the smallest tier that measures a backend."""
    return "quick" if name in QUICK else "default"


def need(name: str, kind: str = "pure") -> None:
    """Ask whether a backend works here.

    Raises:
        Absent: it does not.
    """
    found = contenders.detect(name, kind)
    if not found.present:
        raise Absent(found.reason)


@contextmanager
def project(name: str, spec: ProjectSpec) -> Iterator[tuple[Path, Path]]:
    """Yield a project for a backend and a scratch folder beside it."""
    need(name, spec.kind)
    with tempfile.TemporaryDirectory() as scratch:
        yield render(spec, name, Path(scratch) / "source"), Path(scratch)


def fresh(source: Path, work: Path) -> tuple[Path, Path]:
    """Return a copy of a project and an empty folder for what is built, both new."""
    place = Path(tempfile.mkdtemp(dir=work))
    copied = place / "demo"
    shutil.copytree(source, copied)
    return copied, place / "out"
