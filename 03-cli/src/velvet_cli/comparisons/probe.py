"""What a start costs: processor time, memory and modules of a whole process, and its imports.

The smallest of several runs is kept, because everything that disturbs a start makes it longer.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_LINE = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)\s*$")
_INDENT = 2
# What would change a start, and is rarely what is meant to be measured.
_DISTURBING = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPROFILEIMPORTTIME")
# At its end a process tells its modules and its peak memory: what the parent is told about a child's
# peak includes the parent's own, from before the exec.
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
    """One start: processor time (0 on Windows), peak resident memory, modules loaded at its end."""

    cpu_ms: float
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
    module: str, argv: Sequence[str], n: int, *, env: Mapping[str, str], cwd: Path
) -> Stats:
    """Measure ``python -m module argv...``; one run before warms the bytecode.

    `n`: how many runs; the smallest times are kept; `env`: the environment, without what disturbs.
    Raises ValueError: n is not positive; subprocess.CalledProcessError: the program does not end
    with 0.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        run([sys.executable, "-c", _AT_EXIT, str(told), module, *argv], start_environment(env), cwd)
        modules, peak = json.loads(told.read_text(encoding="ascii"))
    words = [sys.executable, "-m", module, *argv]
    return Stats(min(run(words, start_environment(env), cwd)[0] for _ in range(n)), peak, modules)


def run(words: Sequence[str], env: Mapping[str, str], cwd: Path) -> tuple[float, str]:
    """Run a program to its end; return its processor time in ms and what it wrote to stderr.

    Raises subprocess.CalledProcessError: it does not end with 0.
    """
    before = children_cpu_s()
    done = subprocess.run(words, env=env, cwd=cwd, check=True, capture_output=True)
    return (children_cpu_s() - before) * 1e3, done.stderr.decode("utf-8", "replace")


def children_cpu_s() -> float:
    """Return the processor time of all ended children, in seconds; 0 on Windows, which counts none.

    From `getrusage` where there is one: `os.times` counts in ticks of 10 ms, about what an
    interpreter takes to start.
    """
    try:
        import resource
    except ImportError:
        times = os.times()
        return times.children_user + times.children_system
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def import_tree(module: str, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> Node:
    """Return what ``python -m module argv...`` imports, as a tree with costs; raises as `run`."""
    words = [sys.executable, "-X", "importtime", "-m", module, *argv]
    return parse_importtime(run(words, start_environment(env), cwd)[1], module)


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


def written(path: Path) -> tuple[int, int]:
    """Return the logical lines and the decorators of a source file; docstrings do not count."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    texts = (ast.Expr, ast.Constant)
    lines = sum(
        isinstance(node, ast.stmt)
        and not (isinstance(node, texts[0]) and isinstance(node.value, texts[1]))
        for node in nodes
    )
    return lines, sum(len(getattr(node, "decorator_list", ())) for node in nodes)
