"""The corpus: twelve programs, sixty bugs planted in them, and how to load either.

A bug is a textual edit of a program that works. Its *witness* fails on the bug and passes on the
reference, which a test holds for all of them: a bug that no caller can observe is an equivalent
mutant, and a corpus with such bugs measures nothing. Buggy modules are compiled under a file name
of their own, so tracebacks show the edited line, and they never enter `sys.modules`.
"""

from __future__ import annotations

import importlib
import linecache
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import chain
from pathlib import Path
from types import ModuleType

from velvet_testing.kit import Kit

_SAMPLES = Path(__file__).parent / "samples"


class CorpusError(ValueError):
    """An edit does not occur exactly once, or a name is not in the corpus."""


class BugKind(str, Enum):
    """What class of mistake a bug is."""

    BOUNDARY = "boundary"
    ARITHMETIC = "arithmetic"
    STATE = "state"
    TIME = "time"
    UNICODE = "unicode"
    PARSING = "parsing"
    ORDERING = "ordering"
    CONTRACT = "contract"
    TRANSACTION = "transaction"
    CONCURRENCY = "concurrency"
    RESOURCE = "resource"
    TYPO = "typo"


@dataclass(frozen=True)
class Edit:
    """One replacement in a source; `old` must occur exactly once."""

    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """A seeded bug.

    Attributes:
        edits: what is changed in the reference.
        provenance: the public class of bugs that it belongs to.
        shows: statements over the program's names that fail on the bug alone.
    """

    id: str
    program: str
    kind: BugKind
    edits: tuple[Edit, ...]
    provenance: str
    shows: str

    def witness(self, module: ModuleType) -> None:
        """Raise on a module that has this bug; pass on the reference."""
        kit = find(self.program).kit
        assert kit.evaluate(module, self.shows) is True, self.shows


@dataclass(frozen=True)
class Program:
    """A program of the corpus: its source, and the kit that says what there is to look at."""

    name: str
    source: str
    filename: str
    kit: Kit

    def module(self, bug: Bug | None = None) -> ModuleType:
        """Return a fresh module object, with a bug planted in it or without."""
        source = apply(self.source, bug) if bug else self.source
        return compile_module(source, self.name, f"<{bug.id}>" if bug else self.filename)


def apply(source: str, bug: Bug) -> str:
    """Return the source with a bug's edits.

    Raises:
        CorpusError: an edit's `old` is absent or ambiguous.
    """
    for edit in bug.edits:
        count = source.count(edit.old)
        if count != 1:
            raise CorpusError(f"bug {bug.id}: {edit.old!r} occurs {count} times, not once")
        source = source.replace(edit.old, edit.new)
    return source


def compile_module(source: str, name: str, filename: str) -> ModuleType:
    """Return a module made of a source; its lines are known to tracebacks."""
    module = ModuleType(name)
    module.__file__ = filename
    if filename.startswith("<"):
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), vars(module))  # noqa: S102 - our own programs
    return module


@lru_cache(maxsize=1)
def programs() -> tuple[Program, ...]:
    """Return the twelve programs, by name."""
    return tuple(
        Program(
            path.stem,
            path.read_text(encoding="utf-8"),
            str(path),
            importlib.import_module(f"velvet_testing.samples.kits.{path.stem}").KIT,
        )
        for path in sorted((_SAMPLES / "programs").glob("[a-z]*.py"))
    )


def find(name: str) -> Program:
    """Return a program by its name."""
    for program in programs():
        if program.name == name:
            return program
    known = ", ".join(one.name for one in programs())
    raise CorpusError(f"unknown program {name!r}: choose one of {known}")


def _seeded() -> tuple[tuple[Bug, ...], tuple[Bug, ...]]:
    seeded = importlib.import_module("velvet_testing.samples.bugs")
    return seeded.BUGS, seeded.MORE_OF_TTL_LRU


def bugs(program: str = "") -> tuple[Bug, ...]:
    """Return the bugs of a program, or all sixty."""
    return tuple(bug for bug in _seeded()[0] if program in ("", bug.program))


def find_bug(id: str) -> Bug:
    """Return a bug by its id, the three of the evolution story among them."""
    for bug in chain(*_seeded()):
        if bug.id == id:
            return bug
    raise CorpusError(f"unknown bug {id!r}")


def load(program: str, bug: str | None = None) -> ModuleType:
    """Return a fresh module of a program, with a bug in it or without.

    >>> load("money_split").split(100, [1, 1, 1])
    [34, 33, 33]
    """
    return find(program).module(find_bug(bug) if bug else None)
