"""JSON with comments, read with the place of each value, and changed without touching the rest.

An editor's settings are JSON with comments, and a tool that reads them with `json` and writes them
back loses every comment. `edit` replaces the bytes of one value and leaves the rest alone. Nesting
is bounded, so that a hundred thousand brackets are an error with a place and no `RecursionError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from velvet_devtools.errors import JsoncError

MAX_DEPTH = 100
_SPACE = re.compile(r"[ \t\r\n]+|//[^\n]*|/\*.*?\*/", re.DOTALL)
_SCALAR = re.compile(
    r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
    r"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)\b",
    re.ASCII,
)


class Span(NamedTuple):
    """Where the value of a path stands: characters from `start` up to `stop`."""

    path: tuple[str | int, ...]
    start: int
    stop: int


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1 if text.startswith("\ufeff") else 0
        self.spans: list[Span] = []

    def fail(self, why: str, at: int | None = None) -> JsoncError:
        place = self.at if at is None else at
        line = self.text.count("\n", 0, place) + 1
        return JsoncError(why, line, place - self.text.rfind("\n", 0, place))

    def space(self) -> str:
        """Skip blanks and comments, and return the next character."""
        while found := _SPACE.match(self.text, self.at):
            self.at = found.end()
        if self.text.startswith("/*", self.at):
            raise self.fail("this comment is never closed")
        return self.text[self.at : self.at + 1]

    def whole(self) -> Any:
        value = self.value(())
        if self.space():
            raise self.fail("something stands behind the end")
        return value

    def value(self, path: tuple[str | int, ...]) -> Any:
        if len(path) > MAX_DEPTH:
            raise self.fail(f"nested more than {MAX_DEPTH} deep")
        sign, start = self.space(), self.at
        value = self.items(path, {} if sign == "{" else []) if sign in ("{", "[") else self.scalar()
        self.spans.append(Span(path, start, self.at))
        return value

    def items(self, path: tuple[str | int, ...], found: Any) -> Any:
        end = "}" if isinstance(found, dict) else "]"
        self.at += 1
        while self.space() != end:
            if isinstance(found, dict):
                key = self.key(found)
                found[key] = self.value((*path, key))
            else:
                found.append(self.value((*path, len(found))))
            if self.space() == ",":  # one before the end is allowed
                self.at += 1
            elif self.space() != end:
                raise self.fail(f"expected ',' or {end!r}")
        self.at += 1
        return found

    def key(self, known: dict[str, Any]) -> str:
        if self.space() != '"':
            raise self.fail("expected a key in double quotes")
        start = self.at
        key = str(self.scalar())
        if key in known:
            raise self.fail(f"the key {key!r} stands here for the second time", start)
        if self.space() != ":":
            raise self.fail("expected ':' after the key")
        self.at += 1
        return key

    def scalar(self) -> Any:
        found = _SCALAR.match(self.text, self.at)
        if found is None:
            seen = self.text[self.at : self.at + 12]
            raise self.fail(f"expected a value, not {seen!r}" if seen else "the text ends early")
        self.at = found.end()
        try:
            value = json.loads(found.group())
            str(value).encode("utf-8")
        except UnicodeEncodeError:
            raise self.fail("a lone surrogate is no character", found.start()) from None
        except ValueError as error:  # a number with more digits than int() takes
            raise self.fail(str(error), found.start()) from None
        return value


def loads(text: str) -> Any:
    """Read a text, or raise JsoncError with line and column, for a duplicate key, too.

    >>> loads('{"a": 1, // why\\n "b": [2,],}')
    {'a': 1, 'b': [2]}
    """
    return _Reader(text).whole()


def spans(text: str) -> list[Span]:
    """Return where each value stands, containers after what they hold."""
    reader = _Reader(text)
    reader.whole()
    return reader.spans


def edit(text: str, path: Sequence[str | int], value: Any) -> str:
    """Return the text with one value replaced, or one key added; all else stays byte for byte.

    >>> edit('{"a": 1 /* one */}', ["a"], True)
    '{"a": true /* one */}'

    Raises:
        ValueError: the value is NaN or infinite, which JSON does not have.
        KeyError: there is no such place, and no object to add the last key to.
    """
    wanted = tuple(path)
    places = {span.path: span for span in spans(text)}
    written = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if wanted in places:
        here = places[wanted]
        return text[: here.start] + written + text[here.stop :]
    parent = places.get(wanted[:-1])
    if parent is None or text[parent.start] != "{" or not isinstance(wanted[-1], str):
        raise KeyError(f"there is no {'/'.join(map(str, wanted))} and nowhere to add it")
    entry = f"{json.dumps(wanted[-1], ensure_ascii=False)}: {written}"
    children = [one for one in places.values() if one.path and one.path[:-1] == wanted[:-1]]
    if not children:
        return f"{text[: parent.start + 1]}{entry}{text[parent.start + 1 :]}"
    last = max(children, key=lambda one: one.stop)
    line = text[text.rfind("\n", 0, last.start) + 1 : last.start]
    indent = line[: len(line) - len(line.lstrip())]
    between = f",\n{indent}" if line.lstrip().startswith('"') else ", "
    return f"{text[: last.stop]}{between}{entry}{text[last.stop :]}"
