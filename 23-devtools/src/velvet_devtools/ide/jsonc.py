"""JSON with comments, read by RFC 8259's grammar, and changed without touching anything else.

An editor's settings are JSON with comments, and a tool that reads them with `json` and writes them
back loses every comment. `edit` replaces the bytes of one value and leaves the rest alone. The
reader is a loop with its own stack, so that a hundred thousand brackets are an error with a place
and not a `RecursionError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from velvet_devtools.errors import JsoncError

MAX_DEPTH = 500
_SPACE = re.compile(r"[ \t\r\n]+|//[^\n]*|/\*.*?\*/", re.DOTALL)
_SCALAR = re.compile(
    r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
    r"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)\b",
    re.ASCII,
)
Path_ = Sequence[str | int]


@dataclass(frozen=True)
class Span:
    """Where the value of a path stands: characters from `start` up to `stop`."""

    path: tuple[str | int, ...]
    start: int
    stop: int


@dataclass
class _Open:
    """A container that is being read."""

    value: Any
    start: int
    key: str | int


class _Reader:
    def __init__(self, text: str, trailing: bool, comments: bool) -> None:
        self.text, self.trailing, self.comments = text, trailing, comments
        self.at = 1 if text.startswith("\ufeff") and comments else 0
        self.spans: list[Span] = []

    def fail(self, why: str, at: int | None = None) -> JsoncError:
        place = self.at if at is None else at
        line = self.text.count("\n", 0, place) + 1
        return JsoncError(why, line, place - self.text.rfind("\n", 0, place))

    def space(self) -> str:
        """Skip blanks and comments, and return the next character."""
        while found := _SPACE.match(self.text, self.at):
            if found.group().startswith("/") and not self.comments:
                raise self.fail("strict JSON has no comments")
            self.at = found.end()
        if self.text.startswith("/*", self.at):
            raise self.fail("this comment is never closed")
        return self.text[self.at : self.at + 1]

    def scalar(self) -> Any:
        found = _SCALAR.match(self.text, self.at)
        if found is None:
            seen = self.text[self.at : self.at + 12]
            raise self.fail(f"expected a value, not {seen!r}" if seen else "the text ends early")
        self.at = found.end()
        try:
            value = json.loads(found.group())
        except ValueError as error:  # a number with more digits than int() takes
            raise self.fail(str(error), found.start()) from None
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise self.fail("a lone surrogate is no character", found.start()) from None
        return value

    def key(self, open_: _Open) -> None:
        if self.space() != '"':
            raise self.fail("expected a key in double quotes")
        start = self.at
        open_.key = self.scalar()
        if open_.key in open_.value:
            raise self.fail(f"the key {open_.key!r} stands here for the second time", start)
        if self.space() != ":":
            raise self.fail("expected ':' after the key")
        self.at += 1

    def read(self) -> Any:
        stack: list[_Open] = []
        while True:
            sign, start = self.space(), self.at
            if sign and sign in "{[":
                if len(stack) == MAX_DEPTH:
                    raise self.fail(f"nested more than {MAX_DEPTH} deep")
                self.at += 1
                stack.append(_Open({} if sign == "{" else [], start, 0))
                if self.space() not in ("}", "]"):
                    if sign == "{":
                        self.key(stack[-1])
                    continue
                value = self._close(stack, start)
            else:
                value = self.scalar()
                self._note(stack, start)
            while stack:
                top = stack[-1]
                if isinstance(top.value, dict):
                    top.value[top.key] = value
                else:
                    top.value.append(value)
                    top.key = len(top.value)
                if not self._comma(stack):
                    value = self._close(stack, top.start)
                    continue
                break
            else:
                if self.space():
                    raise self.fail("something stands behind the end")
                return value

    def _comma(self, stack: list[_Open]) -> bool:
        """Whether another value of the innermost container follows."""
        top = stack[-1]
        if self.space() != ",":
            return False
        self.at += 1
        if self.space() in ("}", "]"):
            if not self.trailing:
                raise self.fail("a comma stands before the end")
            return False
        if isinstance(top.value, dict):
            self.key(top)
        return True

    def _close(self, stack: list[_Open], start: int) -> Any:
        top = stack.pop()
        wanted = "}" if isinstance(top.value, dict) else "]"
        if self.space() != wanted:
            raise self.fail(f"expected ',' or {wanted!r}")
        self.at += 1
        self._note(stack, start)
        return top.value

    def _note(self, stack: list[_Open], start: int) -> None:
        self.spans.append(Span(tuple(one.key for one in stack), start, self.at))


def loads(text: str, *, allow_trailing_comma: bool = True, strict: bool = False) -> Any:
    """Read a text.

    >>> loads('{"a": 1, // why\\n "b": [2,],}')
    {'a': 1, 'b': [2]}

    Args:
        strict: RFC 8259 and nothing more: no comments, no comma before an end, no mark of order.

    Raises:
        JsoncError: with line and column; for a duplicate key and a lone surrogate, too.
    """
    return _Reader(text, allow_trailing_comma and not strict, not strict).read()


def spans(text: str) -> Iterator[Span]:
    """Yield where each value stands, containers after what they hold."""
    reader = _Reader(text, trailing=True, comments=True)
    reader.read()
    yield from reader.spans


def edit(text: str, path: Path_, value: Any) -> str:
    """Return the text with one value replaced, or one key added; all else stays byte for byte.

    >>> edit('{"a": 1 /* one */}', ["a"], True)
    '{"a": true /* one */}'

    Raises:
        KeyError: there is no such place, and no object to add the last key to.
    """
    wanted = tuple(path)
    places = {span.path: span for span in spans(text)}
    written = json.dumps(value, ensure_ascii=False)
    if wanted in places:
        here = places[wanted]
        return text[: here.start] + written + text[here.stop :]
    parent = places.get(wanted[:-1])
    if not wanted or parent is None or text[parent.start] != "{" or not isinstance(wanted[-1], str):
        raise KeyError(f"there is no {'/'.join(map(str, wanted))} and nowhere to add it")
    children = [one for one in places.values() if one.path[:-1] == wanted[:-1] and one.path]
    entry = f"{json.dumps(wanted[-1], ensure_ascii=False)}: {written}"
    if not children:
        return f"{text[: parent.start + 1]}{entry}{text[parent.start + 1 :]}"
    last = max(children, key=lambda one: one.stop)
    start = text.rfind("\n", 0, last.start) + 1
    indent = re.match(r"[ \t]*", text[start:])
    assert indent is not None
    own_line = text[start : last.start].strip().startswith('"')
    between = f",\n{indent.group()}" if own_line and start else ", "
    return f"{text[: last.stop]}{between}{entry}{text[last.stop :]}"
