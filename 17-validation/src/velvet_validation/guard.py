"""Read untrusted JSON: bounded, and only what every reader understands alike (RFC 7493).

`json.loads` and its faster rivals keep the last of two equal keys, some accept NaN, and some end
in a RecursionError. `safe_loads` measures depth, items, digits and lengths in one pass over the
bytes before any recursive parser sees them, then refuses what I-JSON forbids.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from velvet_validation.contender import Path, pointer

_BOM = b"\xef\xbb\xbf"
# Each alternative ends where it must, so the scan is linear on every input; a string without an
# end runs to the end of the bytes and is left to the parser to refuse.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]|,|[-+.0-9eE]+', re.DOTALL)
# What RFC 7493 section 2.1 forbids, in the bytes (escaped or not) and in the text.
_SUSPECT = re.compile(
    rb"\\u(?:[dD][89a-fA-F]|[fF][dD][dDeE]|[fF]{3}[eEfF])"
    rb"|\xef\xb7[\x90-\xaf]|\xef\xbf[\xbe\xbf]|[\xf0-\xf4][\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf]"
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LAST_TWO = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_NONCHARACTER = re.compile(f"[\ufdd0-\ufdef{_LAST_TWO}]")
_EXPONENT = re.compile(rb"[0-9][eE]\+?[0-9]{2}")


class Refused(ValueError):
    """The document was refused before or after parsing."""


@dataclass(eq=False)
class LimitExceeded(Refused):
    """A limit was passed: its name in `Limits`, what was found, and the offset in bytes."""

    limit: str
    value: int
    at: int

    def __str__(self) -> str:
        return f"{self.limit} is exceeded: found {self.value} at byte {self.at}"


@dataclass(eq=False)
class DuplicateKey(Refused):
    """An object has the same key twice; ``pointer`` leads to it."""

    pointer: str

    def __str__(self) -> str:
        return f"{self.pointer} stands twice in its object: send it once"


@dataclass(eq=False)
class NotIJson(Refused):
    """The text is no JSON that every reader understands alike; ``at`` is an offset or a pointer."""

    reason: str
    at: int | str

    def __str__(self) -> str:
        return f"{self.reason} at {self.at or 'the top'}: send JSON as RFC 7493 has it"


@dataclass(frozen=True)
class Limits:
    """What a document may hold.

    Attributes:
        max_bytes: length of the whole.
        max_depth: arrays and objects inside each other.
        max_items: array items and object members together.
        max_digits: characters of one number.
        max_string: bytes of one string as written, quotes excluded.

    Raises:
        ValueError: a limit is no positive number, or beyond what the parser itself can take.
    """

    max_bytes: int = 1 << 20
    max_depth: int = 64
    max_items: int = 100_000
    max_digits: int = 32
    max_string: int = 1 << 16

    def __post_init__(self) -> None:
        for name, most in (("max_depth", 500), ("max_digits", 4300), *_UNBOUNDED):
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}: choose 1 to {most:,}")


_UNBOUNDED = [(name, 1 << 40) for name in ("max_bytes", "max_items", "max_string")]
DEFAULT_LIMITS = Limits()
_OVERFLOWS_FROM = 309  # digits without an exponent


def scan(data: bytes, limits: Limits = DEFAULT_LIMITS) -> None:
    """Check the limits in one pass over the bytes. O(n), no recursion.

    Raises:
        LimitExceeded: the first limit that is passed.
    """
    if len(data) > limits.max_bytes:
        raise LimitExceeded("max_bytes", len(data), limits.max_bytes)
    depth, items = 0, 0
    for token in _TOKEN.finditer(data):
        at, end = token.span()
        first = data[at]
        if first == 0x22:
            if end - at - 2 > limits.max_string:
                raise LimitExceeded("max_string", end - at - 2, at)
        elif first in b"[{,":
            items += 1
            depth += first != 0x2C
            if depth > limits.max_depth:
                raise LimitExceeded("max_depth", depth, at)
            if items > limits.max_items:
                raise LimitExceeded("max_items", items, at)
        elif first in b"]}":
            depth -= 1
        elif end - at > limits.max_digits:
            raise LimitExceeded("max_digits", end - at, at)


class _Twice(dict[str, Any]):
    """An object that had a key twice."""

    key = ""


def first_repeated(keys: Iterable[Any]) -> Any:
    """Return the first key that stood before; None when all differ. O(n)."""
    seen: set[Any] = set()
    return next((key for key in keys if key in seen or seen.add(key)), None)  # type: ignore[func-returns-value]


def _constant(name: str) -> Any:
    raise NotIJson(f"{name} is no JSON number", 0)


def safe_loads(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the document as `json.loads` would, or refuse it. O(n).

    Raises:
        LimitExceeded: it is too large, too deep, too long or too many.
        DuplicateKey: an object has a key twice.
        NotIJson: it is no JSON, no UTF-8, has a BOM, NaN, an overflowing number, a lone surrogate
            or a noncharacter.
    """
    scan(data, limits)
    if data.startswith(_BOM):
        raise NotIJson("a byte order mark stands", 0)
    twice: list[_Twice] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) == len(members):
            return made
        twice.append(_Twice(made))
        twice[-1].key = first_repeated(key for key, _ in members)
        return twice[-1]

    try:
        text = data.decode("utf-8")
        made = json.loads(text, object_pairs_hook=pairs, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise NotIJson("the bytes are no UTF-8", error.start) from None
    except json.JSONDecodeError as error:
        raise NotIJson(f"the text is no JSON ({error.msg})", error.pos) from None
    # The walk that finds where something stands is only paid when something may stand there.
    large = limits.max_digits >= _OVERFLOWS_FROM or _EXPONENT.search(data)
    if twice or large or _SUSPECT.search(data):
        _inspect(made)
    return made


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value with its path, parents first, without recursion."""
    waiting: list[tuple[Path, Any]] = [(path, value)]
    while waiting:
        here, found = waiting.pop()
        yield here, found
        if isinstance(found, dict):
            waiting.extend(((*here, key), inner) for key, inner in found.items())
        elif isinstance(found, list):
            waiting.extend(((*here, index), inner) for index, inner in enumerate(found))


def _inspect(made: Any) -> None:
    for path, value in walk(made):
        if isinstance(value, _Twice):
            raise DuplicateKey(pointer((*path, value.key)))
        if isinstance(value, float) and not math.isfinite(value):
            raise NotIJson("a number overflows", pointer(path))
        for text in (value, path[-1] if path else ""):
            if not isinstance(text, str):
                continue
            if _LONE_SURROGATE.search(text):
                raise NotIJson("a lone surrogate stands", pointer(path[:-1]))
            if _NONCHARACTER.search(text):
                raise NotIJson("a noncharacter stands", pointer(path[:-1]))
