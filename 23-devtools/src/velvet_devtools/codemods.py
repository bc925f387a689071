"""Change many files by a program, and lose neither a comment, nor an encoding, nor half a file.

A change is computed on a concrete syntax tree (LibCST), which holds every byte. Before anything is
written the result must parse, hold every comment that was there, and be what a second run leaves
alone. Each file is replaced in one step, so a full disk or a killed process leaves the old one.
"""

from __future__ import annotations

import ast
import codecs
import io
import os
import secrets
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import libcst as cst
from libcst.metadata import GlobalScope, MetadataWrapper, ScopeProvider

from velvet_devtools.errors import DevtoolsError, SourceError

# A tree, the number of changes, and why something was left alone.
Changed = tuple[cst.Module, int, str]
Codemod = Callable[[cst.Module], Changed]


class FileResult(NamedTuple):
    """What happened to a file: its changes, or why it was left alone."""

    path: Path
    changes: int
    problem: str = ""


def parse(source: bytes) -> cst.Module:
    """Read a source in the encoding that its mark or cookie names.

    Raises:
        SourceError: with line and column; for a NUL, an unknown encoding, nesting without end, too.
    """
    if b"\0" in source:
        line = source.count(b"\n", 0, source.index(b"\0")) + 1
        raise SourceError("a NUL byte is no Python", line, 1)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        source.decode(encoding)
        ast.parse(source)  # LibCST takes some things that Python does not, such as mixed indents
        return cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise SourceError(error.message, error.raw_line, error.raw_column + 1) from None
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise SourceError(f"not {error.encoding}: {error.reason}", line, 1) from None
    except SyntaxError as error:
        raise SourceError(error.msg, error.lineno or 1, error.offset or 1) from None
    except (RecursionError, MemoryError, ValueError) as error:
        raise SourceError(f"cannot be parsed: {str(error) or 'nested too deeply'}", 1, 1) from None


def apply(source: bytes, mod: Codemod) -> tuple[bytes, int, str]:
    """Apply a codemod and check the result; return it with the changes and what was left alone.

    Raises:
        SourceError: the source cannot be read, or the codemod made something that is not Python,
            has fewer comments, or changes again when it is run again.
    """
    module = parse(source)
    mark = codecs.BOM_UTF8 if source.startswith(codecs.BOM_UTF8) else b""
    if _marked(module, mark) != source:  # LibCST drops a form feed at the beginning of a line
        raise SourceError("this file would not come back byte for byte", 1, 1)
    module, changes, problem = mod(module)
    if not changes:
        return source, 0, problem
    made = _marked(module, mark)
    again = parse(made)
    if lost := comments(source) - comments(made):
        raise SourceError(f"a comment would be lost: {next(iter(lost))!r}", 1, 1)
    if mod(again)[1]:
        raise SourceError("the codemod changes its own result once more", 1, 1)
    return made, changes, problem


def _marked(module: cst.Module, mark: bytes) -> bytes:
    return module.bytes if module.bytes.startswith(mark) else mark + module.bytes


def comments(source: bytes) -> Counter[str]:
    """Return the comments of a source with how often each stands there; SourceError for no source."""
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (SyntaxError, tokenize.TokenError) as error:
        raise SourceError(f"cannot be read: {error}", 1, 1) from None
    return Counter(one.string for one in tokens if one.type == tokenize.COMMENT)


def run(paths: Iterable[Path], mod: Codemod, *, check: bool = False) -> Iterator[FileResult]:
    """Apply a codemod to files and yield what happened to each; with `check` nothing is written.

    Symbolic links are followed once: two paths to one file change it once, and circles end.
    """
    done: set[Path] = set()
    for path in python_files(paths):
        real = path.resolve()
        if real in done:
            continue
        done.add(real)
        try:
            source, changes, problem = apply(real.read_bytes(), mod)
            if changes and not check:
                atomic_write(real, source)
        except (SourceError, OSError) as error:
            yield FileResult(path, 0, str(error))
        else:
            yield FileResult(path, changes, problem)


def rename(old: str, new: str) -> Codemod:
    """Rename a symbol of the module itself; other scopes, attributes and texts are not it."""
    if not (old.isidentifier() and new.isidentifier()):
        raise DevtoolsError(f"a name is renamed to a name, not {old!r} to {new!r}")

    def change(module: cst.Module) -> Changed:
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        scopes = set(wrapper.resolve(ScopeProvider).values())
        top = next((scope for scope in scopes if isinstance(scope, GlobalScope)), None)
        if top is None or old not in top:
            return module, 0, ""
        if any(scope is not None and new in scope for scope in scopes):
            return module, 0, f"{new} is taken; {old} stays"
        nodes: set[int] = set()
        for assignment in top[old]:
            if isinstance(getattr(assignment, "node", None), cst.Import | cst.ImportFrom):
                return module, 0, f"{old} is imported; rename it where it is defined"
            nodes.add(id(getattr(assignment, "node", None)))
            nodes.update(id(access.node) for access in assignment.references)
        visit = _Rename(nodes, old, new)
        return module.visit(visit), visit.count, ""

    return change


class _Rename(cst.CSTTransformer):
    def __init__(self, nodes: set[int], old: str, new: str) -> None:
        super().__init__()
        self.nodes, self.old, self.new, self.count = nodes, old, new, 0

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Rename a name that refers to the symbol, or the function or class that is it."""
        if id(original_node) not in self.nodes:
            return updated_node
        if isinstance(updated_node, cst.FunctionDef | cst.ClassDef):
            self.count += 1
            return updated_node.with_changes(name=cst.Name(self.new))
        if isinstance(updated_node, cst.Name) and updated_node.value == self.old:
            self.count += 1
            return updated_node.with_changes(value=self.new)
        return updated_node


def python_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files as they are and the Python files of folders, without following links in them."""
    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path, followlinks=False):
                kept = (one for one in folders if one[0] != "." and one != "__pycache__")
                folders[:] = sorted(kept)
                yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))
        else:
            yield path


def atomic_write(path: Path, source: bytes) -> None:
    """Replace a file's content in one step, keeping its mode; on failure the old file stays."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        beside.touch(0o600, exist_ok=False)
        with beside.open("wb") as file:
            file.write(source)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
