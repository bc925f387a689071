"""What every library's adapter offers, so that one loop can judge all of them.

An adapter compiles a family's schema, or one bare type, into a `Compiled`: load, dump and the
translation of the library's own errors into `Problem` values. Mode "default" is what the
library's tutorial teaches; mode "strict" turns on every strictness that it offers. Exceptions out
of `load` are the library's own and unchanged; `validate` is where they become `Invalid`.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from velvet_validation.samples.cases import Family

Mode = Literal["default", "strict"]
MODES: tuple[Mode, ...] = ("default", "strict")
Path = tuple[str | int, ...]


class Unsupported(ValueError):
    """The library has no way to state this schema or type."""


@dataclass(eq=False)
class Rejected(ValueError):
    """What an adapter raises for a library that returns its errors, here unchanged."""

    text: str
    errors: Any = ()

    def __str__(self) -> str:
        return self.text


def pointer(path: Iterable[str | int]) -> str:
    """Return a path as a JSON Pointer (RFC 6901).

    >>> pointer(("lines", 2, "a/b"))
    '/lines/2/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, which rule, and the library's own words.

    Attributes:
        code: the library's name of the rule; "" when it names none.
    """

    path: Path
    code: str
    message: str

    @property
    def pointer(self) -> str:
        """The path as a JSON Pointer."""
        return pointer(self.path)


@dataclass(eq=False)
class Invalid(ValueError):
    """The payload broke its schema; ``__cause__`` is the library's own exception."""

    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "; ".join(f"{p.pointer or '/'}: {p.message}" for p in self.problems)


@dataclass(frozen=True)
class Compiled:
    """A schema that is ready to use, reusable and safe to share between threads.

    Attributes:
        load: checks a Python object as `json.loads` returns it; returns the library's value.
        dump: turns a loaded value into what `json.dumps` takes.
        problems: translates the library's exception.
        errors: the exception types by which the library says "invalid"; others are crashes.
        loads, dumps: the same from and to JSON bytes, by the library's own road if it has one.
        schema: its JSON Schema, None when it exports none.
    """

    load: Callable[[Any], Any]
    dump: Callable[[Any], Any]
    problems: Callable[[Exception], list[Problem]]
    errors: tuple[type[Exception], ...]
    native_loads: Callable[[bytes], Any] | None = None
    native_dumps: Callable[[Any], bytes] | None = None
    schema: Callable[[], dict[str, Any]] | None = None

    def loads(self, data: bytes) -> Any:
        """Parse and check JSON bytes."""
        return self.native_loads(data) if self.native_loads else self.load(json.loads(data))

    def dumps(self, value: Any) -> bytes:
        """Return a loaded value as JSON bytes."""
        if self.native_dumps:
            return self.native_dumps(value)
        return json.dumps(self.dump(value)).encode()


class Contender(Protocol):
    """One library's adapter: a module of `contenders`."""

    label: str
    gaps: tuple[str, ...]  # rules of the shared schema that the library cannot state

    def build(self, family: Family, mode: Mode = "default") -> Compiled:
        """Return the family's schema in this library's idiom."""

    def build_type(self, target: Any, mode: Mode = "default") -> Compiled:
        """Return a check of one bare type; raises `Unsupported`."""


def validate(compiled: Compiled, payload: Any) -> Any:
    """Return the loaded value, with every failure as one exception type.

    Raises:
        Invalid: the payload broke its schema. Other exceptions pass: they are bugs, not bad data.
    """
    try:
        return compiled.load(payload)
    except compiled.errors as error:
        raise Invalid(tuple(compiled.problems(error))) from error


def flattened(node: Any, path: Path = ()) -> list[Problem]:
    """Return the problems of nested dictionaries of messages, as two libraries return them."""
    if isinstance(node, dict):
        return [
            one
            for key, inner in node.items()
            for one in flattened(inner, path if key in ("_schema", "_error") else (*path, key))
        ]
    if isinstance(node, list):
        return [one for inner in node for one in flattened(inner, path)]
    return [Problem(path, "", str(node))]


def plain(value: Any) -> Any:
    """Turn times back into text: the dump of libraries that only load."""
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def by_kind(loads: Mapping[str, Callable[[Any], Any]], refused: Exception) -> Callable[[Any], Any]:
    """Return a tagged union by hand, which every project on a library without one writes."""

    def load(payload: Any) -> Any:
        kind = payload.get("kind") if isinstance(payload, dict) else None
        if not isinstance(kind, str) or kind not in loads:
            raise copy.copy(refused)
        return loads[kind](payload)

    return load
