"""Documents that must be refused: what is no JSON, and what is JSON but no task."""

from __future__ import annotations

from typing import Any

BAD_JSON = {
    "nothing": b"",
    "half an object": b'{"title":',
    "two documents": b'{"title":"x"} {}',
    "NaN": b'{"title":"x","order":NaN}',
    "Infinity": b'{"title":"x","order":-Infinity}',
    "a member twice": b'{"title":"x","title":"y"}',
    "invalid UTF-8": b'{"title":"\xff\xfe"}',
    "a byte order mark": b'\xef\xbb\xbf{"title":"x"}',
    "UTF-16": '{"title":"x"}'.encode("utf-16"),
    "single quotes": b"{'title':'x'}",
    "a comment": b'{"title":"x"} // no',
    "nesting of 30,000 arrays": b"[" * 30_000 + b"]" * 30_000,
    "a number of 5,000 digits": b'{"title":"x","order":' + b"9" * 5000 + b"}",
}
BAD_MEMBERS: dict[str, tuple[Any, str]] = {
    "no title": ({}, "/title"),
    "a title of 201 characters": ({"title": "x" * 201}, "/title"),
    "a title of spaces": ({"title": "   "}, "/title"),
    "a title with NUL": ({"title": "a\0b"}, "/title"),
    "a lone surrogate": ({"title": "\ud800"}, "/title"),
    "a title that is null": ({"title": None}, "/title"),
    "completed as a number": ({"title": "x", "completed": 1}, "/completed"),
    "completed as null": ({"title": "x", "completed": None}, "/completed"),
    "an order of 32 bits and one": ({"title": "x", "order": 2**31}, "/order"),
    "an order that is true": ({"title": "x", "order": True}, "/order"),
    "an unknown member": ({"title": "x", "admin": True}, "/admin"),
    "an array": ([], ""),
    "a string": ("x", ""),
    "null": (b"null", ""),
}
