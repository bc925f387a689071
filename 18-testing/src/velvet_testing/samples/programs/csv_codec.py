"""Write and read rows of text as CSV (RFC 4180, LF line ends).

`decode(encode(rows)) == rows` for every list of rows that have at least one field. `decode` also
reads CRLF and a last line without an end. A quote inside a bare field, text after a closing quote
and a quote that is never closed are a ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def _quote(field: str) -> str:
    if field == "" or any(char in ',"\n\r' for char in field):
        return '"' + field.replace('"', '""') + '"'
    return field


def encode(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as text."""
    return "".join(",".join(_quote(field) for field in row) + "\n" for row in rows)


def decode(text: str) -> list[list[str]]:
    """Return the rows of a text."""
    rows: list[list[str]] = []
    row: list[str] = []
    field = ""
    quoted = closed = False
    i = 0
    while i < len(text):
        char = text[i]
        if quoted:
            if char != '"':
                field += char
            elif text[i + 1 : i + 2] == '"':
                field += '"'
                i += 1
            else:
                quoted, closed = False, True
        elif char == ",":
            row.append(field)
            field, closed = "", False
        elif char == "\n":
            rows.append([*row, field])
            row, field, closed = [], "", False
        elif char == "\r" and text[i + 1 : i + 2] == "\n":
            pass
        elif closed or (char == '"' and field):
            raise ValueError(f"unexpected {char!r} at {i}")
        elif char == '"':
            quoted = True
        else:
            field += char
        i += 1
    if quoted:
        raise ValueError("a quote is never closed")
    if field or row or closed:
        rows.append([*row, field])
    return rows
