"""Start-up: what an import costs, module by module, and what a lazy import saves.

The interpreter itself writes the times (`-X importtime`): a line for each module when it is
loaded, children before parents, indented by depth. A command that answers `--help` after 800 ms
imported something that this answer did not need.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from velvet_performance.errors import ChildFailed

_LINE = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \|( +)(\S.*?)\s*$")


@dataclass
class Import:
    """A module: its own time and its time with what it imports, in microseconds."""

    name: str
    own_us: int
    total_us: int
    children: list[Import] = field(default_factory=list)

    def walk(self) -> Iterator[Import]:
        """Yield this module and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse_importtime(listing: str) -> list[Import]:
    """Return the forest of a `-X importtime` listing; lines of anything else are skipped.

    A module stands *after* those it imported, one level to the left of them.
    """
    waiting: list[tuple[int, Import]] = []
    for line in listing.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        own, total, indent, name = found.groups()
        depth = len(indent)
        node = Import(name, int(own), int(total))
        below: list[Import] = []
        while waiting and waiting[-1][0] > depth:
            below.append(waiting.pop()[1])
        node.children = below[::-1]
        waiting.append((depth, node))
    return [node for _, node in waiting]


def _child(statement: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a statement in a fresh interpreter.

    Raises:
        ChildFailed: it ended with an error.
    """
    argv = [sys.executable, *options, "-c", statement]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        argv, capture_output=True, text=True, env=env, timeout=60, check=False, encoding="utf-8"
    )
    if done.returncode:
        raise ChildFailed(f"{statement!r} failed", done.returncode, done.stderr)
    return done


def import_tree(statement: str) -> list[Import]:
    """Return what a statement imports beyond what a bare interpreter does.

    Raises:
        ChildFailed: the statement failed.
    """
    bare = {one.name for root in _traced("pass") for one in root.walk()}
    return [root for root in _traced(statement) if root.name not in bare]


def _traced(statement: str) -> list[Import]:
    return parse_importtime(_child(statement, "-X", "importtime").stderr)


def cold_start(statement: str, n: int = 5) -> float:
    """Return the median seconds of a fresh interpreter that runs a statement and ends.

    Raises:
        ValueError: n is below 1.
        ChildFailed: the statement failed.
    """
    if n < 1:
        raise ValueError(f"n is {n}: it must be at least 1")
    taken = []
    for _ in range(n):
        begun = time.perf_counter()
        _child(statement)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


class LazyModule(ModuleType):
    """Stands for a module until an attribute of it is asked for, and loads it then."""

    def __getattr__(self, name: str) -> Any:
        """Return the real module's attribute; the import lock makes this safe in threads."""
        return getattr(importlib.import_module(self.__name__), name)


def lazy(name: str) -> ModuleType:
    """Return a module that is loaded when an attribute of it is first asked for.

    An import error inside it, or a slow import, then happens at that moment, in whatever thread
    asks. The standard library's `importlib.util.LazyLoader` does the same for every later import
    of that name, by registering the unloaded module for the whole process.

    Raises:
        ModuleNotFoundError: there is no such module.
    """
    if name in sys.modules:
        return sys.modules[name]
    if importlib.util.find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return LazyModule(name)
