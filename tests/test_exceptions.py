"""Every exception class, of the toolkit and of every module, is found and copied by pickle.

A worker process answers with an exception by pickling it. Where `__init__` takes other arguments
than `args` holds, unpickling fails and the pool breaks instead of saying what went wrong.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import pickle
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [ROOT, *(path for path in sorted(ROOT.glob("[0-9][0-9]-*/src")))]
APART = {"dashboard", "samples", "templates", "comparisons", "migrations"}


def written() -> Iterator[tuple[str, str]]:
    """Yield file and name of every class that is written like an exception."""
    found: list[tuple[str, str, set[str]]] = []
    for source in SOURCES:
        roots = [source / "velvet"] if source == ROOT else sorted(source.glob("velvet_*"))
        for path in (path for root in roots for path in sorted(root.rglob("*.py"))):
            if APART & set(path.parts):
                continue
            parts = path.relative_to(source).with_suffix("").parts
            dotted = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text(encoding="utf-8")
            # Without a class that has a base there is nothing to parse for.
            derives = re.search(r"^class \w+\(", text, re.MULTILINE)
            for node in ast.parse(text).body if derives else ():
                if isinstance(node, ast.ClassDef):
                    bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                    found.append((dotted, node.name, bases))
    known: set[str] = set()
    while True:
        grown = [
            (dotted, name)
            for dotted, name, bases in found
            if bases & known or any(re.search(r"(Error|Exception|Exit)$", base) for base in bases)
        ]
        if {name for _, name in grown} == known:
            break
        known = {name for _, name in grown}
    yield from grown


@lru_cache(maxsize=1)
def classes() -> list[tuple[str, str]]:
    return sorted(written())


class Anything(str):
    """Two letters, and every attribute: what an exception only puts into its sentence."""

    def __getattr__(self, name: str) -> Anything:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything("ab")

    def __format__(self, spec: str) -> str:
        return "ab"


# What an argument of an exception is annotated with -> one that is right.
VALUES = (
    (r"^str|LiteralString", "it's \u20ac5\n"),
    (
        r"^(list|tuple|Sequence|Iterable|Collection|frozenset|set)\b",
        (Anything("ab"), Anything("ab")),
    ),
    (r"^(Mapping|dict)", {"a": 1}),
    (r"^float", 1.5),
    (r"^int", 1),
    (r"^bool", True),
    (r"^bytes", b"a"),
    (r"Exception|Error", ValueError("why")),
    (r"^datetime", datetime(2026, 1, 2)),  # noqa: DTZ001 - any value does
)


def made(kind: type[BaseException]) -> BaseException:
    """Return one of a class, by the annotations of what it is made with."""
    args: list[Any] = []
    words: dict[str, Any] = {}
    if not inspect.isfunction(kind.__init__):
        return kind("what \u20ac5 says\n")
    for one in list(inspect.signature(kind.__init__).parameters.values())[1:]:
        note = str(one.annotation)
        found = [value for mark, value in VALUES if re.search(mark, note)]
        if one.kind is one.KEYWORD_ONLY:
            words[one.name] = (found or [Anything("ab")])[0]
        elif one.kind is not one.VAR_KEYWORD:
            args.append((found or [Anything("ab")])[0])
    return kind(*args, **words)


@pytest.mark.parametrize(("dotted", "name"), classes(), ids=lambda text: text)
def test_an_exception_is_copied_with_its_text(dotted: str, name: str) -> None:
    try:
        kind = getattr(importlib.import_module(dotted), name, None)
    except ImportError as error:
        pytest.skip(f"{error}; pip install -r the module's requirements-peers.txt")
    error = made(kind)

    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(again), str(again), repr(again)) == (kind, str(error), repr(error))
        assert {k: str(v) for k, v in vars(again).items()} == {
            k: str(v) for k, v in vars(error).items()
        }


def test_exceptions_are_found() -> None:
    packages = {dotted.partition(".")[0] for dotted, _ in classes()}

    assert ("velvet.errors", "UsageError") in classes()
    assert len(packages) >= len(SOURCES) // 2
