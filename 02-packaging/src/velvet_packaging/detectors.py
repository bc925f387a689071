"""Which tool notices which fault: each looks at one wheel and says whether it objects.

An installer objects by not installing, a checker by its exit code. All run with their defaults, in
a folder of their own; `installer_all` is the one option among them that asks for more.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from velvet_packaging import programs, wheel

Detector = Callable[[Path, Path], bool]
LIMIT_S = 120.0


def _refuses(*argv: str | Path, cwd: Path) -> bool:
    return programs.run(argv, cwd=cwd, timeout=LIMIT_S).rc != 0


def _pip(path: Path, scratch: Path) -> bool:
    words = ("install", "-q", "--no-index", "--no-deps", "--no-compile", "--target")
    return _refuses(sys.executable, "-m", "pip", *words, scratch / "site", path, cwd=scratch)


def _uv(path: Path, scratch: Path) -> bool:
    words = ("pip", "install", "-q", "--no-index", "--no-deps", "--target")
    return _refuses(programs.find("uv"), *words, scratch / "site", path, cwd=scratch)


def _installer(path: Path, scratch: Path, *options: str) -> bool:
    words = ("-m", "installer", *options, "--no-compile-bytecode", "--destdir")
    return _refuses(sys.executable, *words, scratch / "root", path, cwd=scratch)


def _installer_all(path: Path, scratch: Path) -> bool:
    return _installer(path, scratch, "--validate-record", "all")


def _twine(path: Path, scratch: Path) -> bool:
    return _refuses(sys.executable, "-m", "twine", "check", path, cwd=scratch)


def _check_wheel_contents(path: Path, scratch: Path) -> bool:
    return _refuses(sys.executable, "-m", "check_wheel_contents", path, cwd=scratch)


def _ours(path: Path, _: Path) -> bool:
    return not wheel.verify(path).ok


DETECTORS: Mapping[str, Detector] = {
    "ours": _ours,
    "pip": _pip,
    "uv": _uv,
    "installer": _installer,
    "installer_all": _installer_all,
    "twine": _twine,
    "check_wheel_contents": _check_wheel_contents,
}


def objects(name: str, path: Path) -> bool:
    """Return whether a tool objects to a wheel.

    Raises:
        KeyError: `DETECTORS` has no such tool.
        BackendMissing: uv is not installed.
        BuildTimeout: the tool took longer than `LIMIT_S` seconds.
    """
    with tempfile.TemporaryDirectory() as scratch:
        own = Path(scratch) / "wheel" / path.name  # a tool that renames or locks harms no other
        own.parent.mkdir()
        shutil.copy(path, own)
        deep = Path(scratch) / "a" / "b" / "c" / "d"  # a traversal of three steps stays inside
        deep.mkdir(parents=True)
        return DETECTORS[name](own, deep)


def detect(name: str, paths: Mapping[str, Path], at_once: int = 4) -> dict[str, bool]:
    """Return wheel -> whether a tool objects to it; runs `at_once` of them at a time."""
    with ThreadPoolExecutor(at_once) as pool:
        return dict(
            zip(paths, pool.map(lambda path: objects(name, path), paths.values()), strict=True)
        )
