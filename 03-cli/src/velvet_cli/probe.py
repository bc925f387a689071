"""What a start costs: processor time, memory and modules of a whole process.

The smallest of several runs is kept, because everything that disturbs a start makes it
longer. Peak memory and the number of modules are told by the process itself at its end: what
the parent is told about a child's peak includes the parent's own, from before the exec.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from velvet_cli.terminal import children_cpu_s

_LINE = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)\s*$")
_INDENT = 2
# What would change a start, and is rarely what is meant to be measured.
_DISTURBING = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPROFILEIMPORTTIME")
_AT_EXIT = """
import atexit, sys
path, module, sys.argv = sys.argv[1], sys.argv[2], sys.argv[2:]
before = set(sys.modules)
def tell():
    found, peak = len(sys.modules), 0.0
    if sys.platform == "linux":
        with open("/proc/self/status", encoding="ascii") as status:
            peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    elif sys.platform == "darwin":
        import resource
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    else:
        import psutil
        peak = psutil.Process().memory_info().peak_wset / 2**20
    with open(path, "w", encoding="ascii") as file:
        file.write("[%d, %f]" % (found, peak))
atexit.register(tell)
import runpy
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


class Stats(NamedTuple):
    """The cost of one start.

    Attributes:
        cpu_ms: user and system time; 0 on Windows, which does not count that of children.
        wall_ms: from the start to the end.
        rss_mb: peak resident memory.
        modules: modules loaded when it ended.
    """

    cpu_ms: float
    wall_ms: float
    rss_mb: float
    modules: int


class Node(NamedTuple):
    """One import: what it cost alone, and with what it imported in turn."""

    name: str
    self_ms: float
    total_ms: float
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """Yield this import and all below it. O(n)."""
        yield self
        for child in self.children:
            yield from child.walk()

    def worst(self, count: int) -> list[Node]:
        """Return the imports that cost most by themselves."""
        below = [node for node in self.walk() if node is not self]
        return sorted(below, key=lambda node: -node.self_ms)[:count]


def start_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what doubles a start: no bytecode, no buffers."""
    return {name: value for name, value in env.items() if name not in _DISTURBING}


def startup(
    module: str, argv: Sequence[str], n: int = 5, *, env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Stats:  # fmt: skip
    """Measure ``python -m module argv...``; one run before warms the bytecode.

    Args:
        n: how many runs; the smallest times are kept.
        env: the environment; the process's own by default, always without what disturbs.

    Raises:
        ValueError: n is not positive.
        subprocess.CalledProcessError: the program does not end with 0.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    full = start_environment(os.environ if env is None else env)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        _run([sys.executable, "-c", _AT_EXIT, str(told), module, *argv], full, cwd)
        modules, peak = json.loads(told.read_text(encoding="ascii"))
    times = [_timed([sys.executable, "-m", module, *argv], full, cwd) for _ in range(n)]
    return Stats(
        min(cpu for cpu, _ in times) * 1e3, min(wall for _, wall in times) * 1e3, peak, modules
    )


def _run(words: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> bytes:
    return subprocess.run(words, env=env, cwd=cwd, check=True, capture_output=True).stderr


def _timed(words: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> tuple[float, float]:
    before, began = children_cpu_s(), time.perf_counter()
    _run(words, env, cwd)
    return children_cpu_s() - before, time.perf_counter() - began


def import_tree(
    module: str, argv: Sequence[str], *, env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Node:  # fmt: skip
    """Return what ``python -m module argv...`` imports, as a tree with costs.

    Raises:
        subprocess.CalledProcessError: the program does not end with 0.
    """
    full = start_environment(os.environ if env is None else env)
    words = [sys.executable, "-X", "importtime", "-m", module, *argv]
    return parse_importtime(_run(words, full, cwd).decode("utf-8", "replace"), module)


def parse_importtime(text: str, name: str) -> Node:
    """Return the tree of a report of ``-X importtime``, whose lines name children first. O(n)."""
    waiting: dict[int, list[Node]] = {}
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        own, total, indent, module = found.groups()
        depth = len(indent) // _INDENT
        children = tuple(waiting.pop(depth + 1, ()))
        waiting.setdefault(depth, []).append(
            Node(module, int(own) / 1e3, int(total) / 1e3, children)
        )
    top: tuple[Any, ...] = tuple(waiting.get(0, ()))
    return Node(name, 0.0, sum(node.total_ms for node in top), top)
