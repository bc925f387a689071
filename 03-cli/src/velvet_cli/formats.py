"""Rows as text: a table for people, and four formats for programs.

All but the table are written row by row, so their memory does not grow; a table has to see every
row before it knows its widths. Line breaks in `tsv` are escaped as in PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from velvet_cli.contract import FORMATS

Row = Mapping[str, Any]
_TSV = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_GAP = "  "
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def render_rows(
    rows: Iterable[Row],
    fields: Sequence[str],
    format: str,  # noqa: A002 - the field's own word
    *,
    header: Callable[[str], str] = str,
) -> Iterator[str]:
    """Yield lines (with their newline) of the rows in a format; or ValueError.

    `header`: what to do to a table's padded header cells, such as to make them bold.
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {format!r}")
    if format == "table":
        return _table(rows, fields, header)
    return {"json": _json, "ndjson": _ndjson, "csv": _csv, "tsv": _tsv}[format](rows, list(fields))


def text_of(value: object) -> str:
    """Return a cell as text: lists joined with commas, None empty, booleans as JSON has them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _table(
    rows: Iterable[Row], fields: Sequence[str], header: Callable[[str], str]
) -> Iterator[str]:
    from velvet_cli.color import display_width

    lines = [[*fields], *([text_of(row[field]) for field in fields] for row in rows)]
    widths = [max(map(display_width, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        cells = (
            cell + " " * (width - display_width(cell))
            for cell, width in zip(line, widths, strict=True)
        )
        yield _GAP.join(cells if number else map(header, cells)).rstrip() + "\n"


def _json(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    opening = "[\n"
    for row in rows:
        yield opening + _encode({field: row[field] for field in fields})
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def _ndjson(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    for row in rows:
        yield _encode({field: row[field] for field in fields}) + "\n"


def _csv(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    import csv
    import io

    buffer = io.StringIO(newline="")
    # RFC 4180 ends lines with CRLF; every Unix tool prefers LF, and readers take both.
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(fields)
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([text_of(row[field]) for field in fields])
        yield buffer.getvalue()


def _tsv(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    yield "\t".join(fields) + "\n"
    for row in rows:
        yield "\t".join(text_of(row[field]).translate(_TSV) for field in fields) + "\n"
