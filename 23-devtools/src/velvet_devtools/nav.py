"""An index of a tree: where is it defined, who uses it, what imports what, which tests does it touch?

Text search answers none of these exactly, and a language server answers them after reading all
again. The index keeps each file's facts in SQLite under its time and size, so that the second
question costs what has changed.
"""

from __future__ import annotations

import ast
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from velvet_devtools.codemods import python_files

_TABLES = """
create table if not exists files (path text primary key, stamp int, size int, error text);
create table if not exists facts (path text, kind text, name text, line int);
create index if not exists by_name on facts (name, kind);
create index if not exists by_path on facts (path);
"""
_DEFINES = {ast.FunctionDef: "function", ast.AsyncFunctionDef: "function", ast.ClassDef: "class"}


@dataclass(frozen=True)
class Place:
    """A definition or a use of a name."""

    path: str
    line: int
    kind: str


class Index:
    """The facts of a tree; a context manager.

    Args:
        root: the folder whose Python files are read.
        cache: the SQLite file; `:memory:` by default.
    """

    def __init__(self, root: Path, cache: Path | str = ":memory:") -> None:
        self.root = root.resolve()
        self._db = sqlite3.connect(cache)
        self._db.executescript(_TABLES)
        self.read = self._refresh()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _refresh(self) -> int:
        """Read what is new or has changed, forget what is gone; return how many files were read."""
        known = {
            path: (t, s) for path, t, s in self._db.execute("select path, stamp, size from files")
        }
        read = 0
        with self._db:
            for file in python_files([self.root]):
                path, about = file.relative_to(self.root).as_posix(), file.stat()
                if known.pop(path, None) != (about.st_mtime_ns, about.st_size):
                    self._forget(path)
                    self._read(file, path)
                    read += 1
            for path in known:
                self._forget(path)
        return read

    def _forget(self, path: str) -> None:
        self._db.execute("delete from files where path = ?", (path,))
        self._db.execute("delete from facts where path = ?", (path,))

    def _read(self, file: Path, path: str) -> None:
        about, error = file.stat(), ""
        try:
            facts = list(_facts(ast.parse(file.read_bytes()), _module(path)))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            facts, error = [], str(problem) or type(problem).__name__
        rows = ((path, *fact) for fact in facts)
        self._db.executemany("insert into facts values (?, ?, ?, ?)", rows)
        row = (path, about.st_mtime_ns, about.st_size, error)
        self._db.execute("insert into files values (?, ?, ?, ?)", row)

    def unreadable(self) -> dict[str, str]:
        """Return the files that are no Python, with the reason."""
        return dict(self._db.execute("select path, error from files where error != ''"))

    def _places(self, name: str, kinds: tuple[str, ...]) -> list[Place]:
        marks = ", ".join("?" * len(kinds))
        query = f"select path, line, kind from facts where name = ? and kind in ({marks}) order by 1, 2"  # noqa: S608 - question marks
        return [Place(*row) for row in self._db.execute(query, (name, *kinds))]

    def find(self, name: str) -> list[Place]:
        """Return where a function, class, method or module variable of a name is defined."""
        return self._places(name, ("function", "class", "method", "variable"))

    def refs(self, name: str) -> list[Place]:
        """Return where a name is used: read, imported, or as an attribute."""
        return self._places(name, ("use", "attribute", "imported"))

    @cached_property
    def graph(self) -> Mapping[str, frozenset[str]]:
        """Return file -> the files of this tree that it imports."""
        rows = self._db.execute("select path, name from facts where kind = 'import'").fetchall()
        modules = {_module(path): path for (path,) in self._db.execute("select path from files")}
        found: dict[str, set[str]] = {path: set() for path in modules.values()}
        for path, name in rows:
            target = modules.get(name) or modules.get(name.rpartition(".")[0])
            if target and target != path:
                found[path].add(target)
        return {path: frozenset(targets) for path, targets in found.items()}

    def shortest_cycle(self) -> list[str]:
        """Return the files of a shortest circle of imports; empty when there is none."""
        best: list[str] = []
        for start in self.graph:
            before: dict[str, str] = {}
            queue = deque([start])
            while queue:
                here = queue.popleft()
                for following in sorted(self.graph[here]):
                    if following == start:
                        circle = [here]
                        while circle[-1] != start:
                            circle.append(before[circle[-1]])
                        if not best or len(circle) < len(best):
                            best = circle[::-1]
                        queue.clear()
                        break
                    if following not in before:
                        before[following] = here
                        queue.append(following)
        return best

    def dead_code(self) -> list[tuple[str, Place]]:
        """Return functions and classes whose name is used nowhere: candidates, not verdicts."""
        query = (
            "select name, path, line, kind from facts where kind in ('function', 'class') and name"
            " not in (select name from facts where kind in ('use', 'attribute', 'imported')) order by 2, 3"
        )
        return [
            (name, Place(path, line, kind)) for name, path, line, kind in self._db.execute(query)
        ]

    def impact(self, path: str) -> list[str]:
        """Return the test files that import a file, directly or by way of others."""
        users: dict[str, set[str]] = {}
        for user, targets in self.graph.items():
            for target in targets:
                users.setdefault(target, set()).add(user)
        seen, queue = {path}, deque([path])
        while queue:
            for user in users.get(queue.popleft(), ()):
                if user not in seen:
                    seen.add(user)
                    queue.append(user)
        return sorted(one for one in seen if Path(one).name.startswith("test_"))


def _module(path: str) -> str:
    """Return the dotted name by which a file is imported; what lies before `src` is not part of it."""
    parts = list(Path(path).with_suffix("").parts)
    if "src" in parts:
        parts = parts[parts.index("src") + 1 :]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _facts(tree: ast.Module, module: str) -> Iterator[tuple[str, str, int]]:
    package = module.split(".")
    for node in ast.walk(tree):
        kind = _DEFINES.get(type(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield str(kind), node.name, node.lineno
        elif isinstance(node, ast.Name):
            yield "use", node.id, node.lineno
        elif isinstance(node, ast.Attribute):
            yield "attribute", node.attr, node.end_lineno or node.lineno
        elif isinstance(node, ast.Import):
            for one in node.names:
                yield "import", one.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for one in node.names:
                yield "import", f"{base}.{one.name}", node.lineno
                yield "imported", one.name, node.lineno
    for row in tree.body:
        for target in row.targets if isinstance(row, ast.Assign) else ():
            if isinstance(target, ast.Name):
                yield "variable", target.id, row.lineno
