"""Start-up: a command that loads forty plugins to answer one question."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path

HOT = "load_plugins"
WHERE = "import"
MEASURE = "cpu"
SIZE = 40
FUNCTIONS = 90
STUBS = {"load_plugins": len, "answer": lambda _number: 0}


@dataclass(frozen=True)
class Plugins:
    """Files in a temporary folder, which goes when this object goes."""

    paths: list[Path]


def build(size: int, seed: int) -> Plugins:
    """Write that many modules of ninety functions each."""
    folder = Path(tempfile.mkdtemp(prefix="velvet-plugins-"))
    body = "".join(
        f"def step_{number}(value, extra={seed}):\n"
        f"    return [value * {number} + extra for value in range(value)]\n\n"
        for number in range(FUNCTIONS)
    )
    paths = [folder / f"plugin_{number}.py" for number in range(size)]
    for path in paths:
        path.write_text(body, encoding="utf-8")
    plugins = Plugins(paths)
    weakref.finalize(plugins, shutil.rmtree, folder, ignore_errors=True)
    return plugins


def load_plugins(paths: list[Path]) -> int:
    """Import each file; nothing was compiled before, as after every release."""
    loaded = 0
    keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    for path in paths:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        loaded += hasattr(module, "step_0")
    sys.dont_write_bytecode = keep
    return loaded


def answer(number: int) -> int:
    """Compute what was asked."""
    total = 0
    for turn in range(number):
        total += turn % 13
    return total


def run(plugins: Plugins) -> tuple[int, int]:
    """Load everything, then answer."""
    return load_plugins(plugins.paths), answer(len(plugins.paths) * 40_000)
