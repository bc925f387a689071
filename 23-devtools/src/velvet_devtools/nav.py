"""An index of a tree: where is a name defined, what imports what, which tests does a change touch?

Text search answers none of these exactly, and a language server answers them after reading all
again. The index keeps each file's facts in SQLite under its time and size, so that the second
question costs what has changed.
"""

from __future__ import annotations

import ast
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from velvet_devtools.codemods import python_files

_TABLES = """
create table if not exists files (path text primary key, stamp int, size int);
create table if not exists facts (path text, kind text, name text, line int);
create index if not exists by_name on facts (name);
create index if not exists by_path on facts (path);
"""


class Place(NamedTuple):
    """A definition of a name."""

    path: str
    line: int
    kind: str


class Index:
    """The facts of a folder's Python files, in an SQLite file or in memory; a context manager."""

    def __init__(self, root: Path, cache: Path | str = ":memory:") -> None:
        self.root = root.resolve()
        self._db = sqlite3.connect(cache)
        try:
            self._db.executescript(_TABLES)
            self.read = self._refresh()
        except BaseException:  # Ctrl-C while it reads: `with` has not begun yet
            self._db.close()
            raise

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _refresh(self) -> int:
        """Read what is new or has changed, forget what is gone; return how many files were read."""
        known = {path: about for path, *about in self._db.execute("select * from files")}
        read = 0
        with self._db:
            for file in python_files([self.root]):
                path, about = file.relative_to(self.root).as_posix(), file.stat()
                stamp = [about.st_mtime_ns, about.st_size]
                if known.pop(path, None) != stamp:
                    self._forget(path)
                    self._read(file, path, stamp)
                    read += 1
            for path in known:
                self._forget(path)
        return read

    def _forget(self, path: str) -> None:
        self._db.execute("delete from files where path = ?", (path,))
        self._db.execute("delete from facts where path = ?", (path,))

    def _read(self, file: Path, path: str, stamp: list[int]) -> None:
        try:
            facts = list(_facts(ast.parse(file.read_bytes()), _module(path)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            facts = []  # no Python has no names; a later version of the file may have some
        rows = ((path, *fact) for fact in facts)
        self._db.executemany("insert into facts values (?, ?, ?, ?)", rows)
        self._db.execute("insert into files values (?, ?, ?)", (path, *stamp))

    def find(self, name: str) -> list[Place]:
        """Return where a function, class, method or module variable of a name is defined."""
        query = (
            "select path, line, kind from facts where name = ? and kind != 'import' order by 1, 2"
        )
        return [Place(*row) for row in self._db.execute(query, (name,))]

    @cached_property
    def users(self) -> Mapping[str, set[str]]:
        """Return file -> the files of this tree that import it."""
        rows = self._db.execute("select path, name from facts where kind = 'import'").fetchall()
        modules = {_module(path): path for (path,) in self._db.execute("select path from files")}
        found: dict[str, set[str]] = {path: set() for path in modules.values()}
        for path, name in rows:
            target = modules.get(name) or modules.get(name.rpartition(".")[0])
            if target and target != path:
                found[target].add(path)
        return found

    def impact(self, path: str) -> list[str]:
        """Return the test files that import a file, directly or by way of others."""
        seen, queue = {path}, deque([path])
        while queue:
            more = self.users.get(queue.popleft(), set()) - seen
            seen |= more
            queue.extend(more)
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
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            yield kind, node.name, node.lineno
        elif isinstance(node, ast.Import):
            for one in node.names:
                yield "import", one.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for one in node.names:
                yield "import", f"{base}.{one.name}", node.lineno
    for row in tree.body:
        for target in row.targets if isinstance(row, ast.Assign) else ():
            if isinstance(target, ast.Name):
                yield "variable", target.id, row.lineno
