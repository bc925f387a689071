"""One kernel six ways: plain Python, the same with less arithmetic, NumPy, Numba, Cython, mypyc.

`build` compiles where a compiler is needed, into a per-user folder whose name is a hash of the
source and the interpreter's tag, so the second call loads what the first one built. The time that
compiling takes is part of the answer to "is it worth it", and is reported apart.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from velvet_performance.errors import Unavailable
from velvet_performance.samples import kernels

SAMPLES = Path(kernels.__file__).parent
LIMIT_S = 120.0
KINDS = ("pure", "algebra", "numpy", "numba", "cython", "mypyc")
WHY = {
    "pure": "written as the formula stands",
    "algebra": "no square root, no complex objects",
    "numpy": "all points at once, those that left are dropped",
    "numba": "the loop compiled when it is first called",
    "cython": "the loop compiled beforehand, with C types",
    "mypyc": "the loop compiled beforehand, from annotations",
}
_SOURCES = {"cython": "julia_cython.pyx", "mypyc": "julia_mypyc.py"}
Kernel = Callable[[list[complex], int], list[int]]


@dataclass(frozen=True)
class Built:
    """A kernel ready to be called.

    Attributes:
        julia: points and limit -> a count for each point.
        seconds: what making it ready took, now or when it was compiled.
    """

    kind: str
    julia: Kernel
    seconds: float


def _numba() -> Kernel:
    try:
        import numpy as np
        from numba import njit
    except ImportError as error:
        raise Unavailable(f"numba cannot be imported: {error} (pip install numba)") from None
    fill = njit(kernels.julia_array)

    def kernel(points: list[complex], limit: int) -> list[int]:
        counts = np.zeros(len(points), dtype=np.int64)
        fill(np.array(points, dtype=np.complex128), limit, counts)
        found: list[int] = counts.tolist()
        return found

    return kernel


def build(kind: str) -> Built:
    """Return a kernel of that kind, compiled if it has to be.

    Raises:
        ValueError: no kind is called so.
        Unavailable: its tool or a C compiler is missing, or compiling failed.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}: choose one of {', '.join(KINDS)}")
    begun = time.perf_counter()
    plain: dict[str, Kernel] = {
        "pure": kernels.julia_pure,
        "algebra": kernels.julia_algebra,
        "numpy": kernels.julia_numpy,
    }
    if kind in plain:
        julia = plain[kind]
    elif kind == "numba":
        julia = _numba()
    else:
        module, seconds = _extension(kind)
        return Built(kind, module.julia, seconds)
    julia([0j, 2 + 2j], 3)  # NumPy is imported and Numba compiles now, not in the first measurement
    return Built(kind, julia, time.perf_counter() - begun)


def cache_folder(name: str, base: Path | None = None) -> Path:
    """Return a folder of this user's for compiled things; a temporary one where that is read-only.

    Args:
        base: the folder for caches; the user's own by default.
    """
    for home in (base or Path.home() / ".cache", Path(tempfile.gettempdir())):
        folder = home / "velvet-performance" / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise Unavailable(f"no folder for compiled files: {tempfile.gettempdir()} cannot be written")


def _folder_of(kind: str) -> Path:
    """Return where an extension of this source is kept for this interpreter."""
    tag = f"{sysconfig.get_config_var('SOABI') or sys.version_info[:2]}"
    key = hashlib.sha256((SAMPLES / _SOURCES[kind]).read_bytes() + tag.encode()).hexdigest()[:16]
    return cache_folder(f"{kind}-{key}")


def is_built(kind: str) -> bool:
    """Whether a kind needs no compiler, or was compiled before."""
    return kind not in _SOURCES or _built_in(_folder_of(kind)) is not None


def _extension(kind: str) -> tuple[ModuleType, float]:
    source = SAMPLES / _SOURCES[kind]
    folder = _folder_of(kind)
    built = _built_in(folder)
    if built is None:
        begun = time.perf_counter()
        _compile(kind, source, folder)
        taken = f"{time.perf_counter() - begun:.3f}"
        (folder / "seconds").write_text(taken, encoding="ascii")
        built = _built_in(folder)
    if built is None:
        raise Unavailable(f"{kind} made no extension module in {folder.name}")
    spec = importlib.util.spec_from_file_location(source.stem, built)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, float((folder / "seconds").read_text(encoding="ascii"))


def _built_in(folder: Path) -> Path | None:
    found = [*folder.glob("julia_*.so"), *folder.glob("julia_*.pyd")]
    return found[0] if found else None


_SETUP = """
from setuptools import Extension, setup
{imports}
setup(name="kernel", ext_modules={modules}, script_args=["-q", "build_ext", "--inplace"])
"""
_MODULES = {
    "cython": (
        "from Cython.Build import cythonize",
        'cythonize([Extension("julia_cython", ["julia_cython.pyx"],'
        " extra_compile_args={flags!r})], quiet=True)",
    ),
    "mypyc": ("from mypyc.build import mypycify", 'mypycify(["julia_mypyc.py"])'),
}


def _compile(kind: str, source: Path, folder: Path) -> None:
    package = {"cython": "Cython", "mypyc": "mypyc"}[kind]
    for needed in (package, "setuptools"):
        if importlib.util.find_spec(needed) is None:
            raise Unavailable(f"{needed} is not installed (pip install {needed.lower()})")
    # Contracted multiplications would round differently and so count differently.
    flags = [] if sys.platform == "win32" else ["-O3", "-ffp-contract=off"]
    imports, modules = _MODULES[kind]
    with tempfile.TemporaryDirectory(prefix="velvet-build-") as place:
        work = Path(place)
        (work / source.name).write_bytes(source.read_bytes())
        setup = _SETUP.format(imports=imports, modules=modules.format(flags=flags))
        (work / "setup.py").write_text(setup, encoding="utf-8")
        environment = {**os.environ, "CFLAGS": f"{os.environ.get('CFLAGS', '')} {' '.join(flags)}"}
        try:
            done = subprocess.run(
                [sys.executable, "setup.py"],
                cwd=work,
                env=environment,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{kind} was not compiled within {LIMIT_S:g} s") from None
        made = _built_in(work)
        if done.returncode or made is None:
            tail = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise Unavailable(f"{kind} could not compile, is a C compiler there? {''.join(tail)}")
        for built in work.glob(f"*{made.suffix}"):
            # Written under another name first: two processes may build at the same time.
            half = folder / f"{built.name}.{os.getpid()}"
            half.write_bytes(built.read_bytes())
            half.replace(folder / built.name)


def break_even(seconds_to_build: float, slow_s: float, fast_s: float) -> float:
    """Return after how many calls compiling has paid for itself; infinite when it never does.

    >>> break_even(6.0, 0.5, 0.2)
    20.0
    """
    saved = slow_s - fast_s
    if not seconds_to_build >= 0 or saved != saved:
        raise ValueError(f"need seconds: {seconds_to_build=}, {slow_s=}, {fast_s=}")
    return round(seconds_to_build / saved, 9) if saved > 0 else math.inf


if __name__ == "__main__":
    for one in _SOURCES:
        print(f"{one}: compiled in {build(one).seconds:.1f} s")  # noqa: T201 - a program
