"""One surface over three engines of regular expressions.

`re` and `regex` backtrack: they know back-references and lookarounds and may need exponential
time. RE2 builds an automaton: linear in the text, without these features, and with other answers
where its classes are ASCII. What an engine cannot do is an `UnsupportedPattern`, never a guess.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from velvet_text import contenders
from velvet_text.errors import TextError

MAX_PATTERN = 5_000


@dataclass(frozen=True)
class Span:
    """A match: start and end in code points, and the text of its groups."""

    start: int
    end: int
    groups: tuple[str | None, ...] = ()


class Compiled(Protocol):
    """A pattern, ready to use; thread-safe. Replacements are literal text, never templates.

    A lone surrogate in the text is a UnicodeEncodeError in RE2, which works on UTF-8.
    """

    def search(self, text: str) -> Span | None: ...
    def match(self, text: str) -> Span | None: ...
    def finditer(self, text: str) -> Iterator[Span]: ...
    def findall(self, text: str) -> list[Span]: ...
    def sub(self, replacement: str, text: str) -> str: ...


class PatternEngine(Protocol):
    """What each file in `contenders/engines` offers.

    Attributes:
        FEATURES: of ``backref``, ``lookaround``, ``possessive``, ``named``, ``timeout``,
            ``linear``.
    """

    FEATURES: frozenset[str]

    def compile(self, pattern: str, *, ignore_case: bool = False) -> Compiled:
        """Compile; an `UnsupportedPattern` where the engine lacks what it uses."""


ENGINES = contenders.names("engines")


def engine(name: str) -> PatternEngine:
    """Return an engine by name; an ImportError where its library is absent."""
    found: Any = contenders.load("engines", name)
    return found  # type: ignore[no-any-return]


@dataclass(frozen=True)
class ReLike:
    """The surface over a compiled pattern of `re` or of a library with the same methods."""

    native: Any

    def search(self, text: str) -> Span | None:
        return span_of(self.native.search(text))

    def match(self, text: str) -> Span | None:
        return span_of(self.native.match(text))

    def finditer(self, text: str) -> Iterator[Span]:
        for found in self.native.finditer(text):
            yield Span(found.start(), found.end(), found.groups())

    def findall(self, text: str) -> list[Span]:
        return list(self.finditer(text))

    def sub(self, replacement: str, text: str) -> str:
        return str(self.native.sub(lambda _: replacement, text))


def span_of(found: Any) -> Span | None:
    """Return a library's match as ours."""
    return None if found is None else Span(found.start(), found.end(), found.groups())


def sre_parser() -> ModuleType:
    """Return the parser of `re`, which moved in Python 3.11."""
    try:
        return importlib.import_module("re._parser")
    except ImportError:
        return importlib.import_module("sre_parse")


def checked(pattern: str) -> str:
    """Return a pattern that is short enough to be looked at.

    Raises:
        TextError: it is longer than `MAX_PATTERN`.
    """
    if len(pattern) > MAX_PATTERN:
        raise TextError(f"a pattern of {len(pattern):,} characters is over {MAX_PATTERN:,}")
    return pattern
