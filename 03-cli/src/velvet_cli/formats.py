"""Rows as text: a table for people, and four formats for programs.

`ndjson`, `csv` and `tsv` are written row by row, so their memory does not grow with the
rows; `json` keeps one row too, because it writes the brackets itself; a table has to see
every row before it knows its widths. Cells that would break a line of `tsv` are escaped as
in PostgreSQL's text format.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from velvet_cli.contract import FORMATS

Row = Mapping[str, Any]
_TSV = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_GAP = "  "


def render_rows(
    rows: Iterable[Row],
    fields: Sequence[str],
    format: str,  # noqa: A002 - the field's own word
    *,
    header: Callable[[str], str] = str,
) -> Iterator[str]:
    """Yield lines (with their newline) of the rows in a format.

    Args:
        rows: mappings that have every field.
        fields: the columns, in order.
        format: one of ``table``, ``json``, ``ndjson``, ``csv``, ``tsv``.
        header: what to do to a table's padded header cells, such as to make them bold.

    Raises:
        ValueError: there is no such format.
    """
    if format == "table":
        return _table(rows, fields, header)
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {format!r}")
    writers = {"json": _json, "ndjson": _ndjson, "csv": _csv, "tsv": _tsv}
    return writers[format](rows, fields)


def text_of(value: object) -> str:
    """Return a cell as text: lists joined with commas, None empty, booleans as JSON has them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)


def _table(
    rows: Iterable[Row], fields: Sequence[str], header: Callable[[str], str]
) -> Iterator[str]:
    from velvet_cli.color import display_width

    cells = [[text_of(row[field]) for field in fields] for row in rows]
    columns = (
        [[field, *column] for field, column in zip(fields, zip(*cells, strict=True), strict=True)]
        if cells
        else [[field] for field in fields]
    )
    widths = [max(map(display_width, column)) for column in columns]

    def padded(line: Sequence[str]) -> list[str]:
        return [
            cell + " " * (width - display_width(cell))
            for cell, width in zip(line, widths, strict=True)
        ]

    yield _GAP.join(map(header, padded(fields))).rstrip() + "\n"
    for line in cells:
        yield _GAP.join(padded(line)).rstrip() + "\n"


def _json(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    opening = "[\n"
    for row in rows:
        yield opening + encode({field: row[field] for field in fields})
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def _ndjson(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for row in rows:
        yield encode({field: row[field] for field in fields}) + "\n"


def _csv(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    import csv
    import io

    buffer = io.StringIO(newline="")
    # RFC 4180 ends lines with CRLF; every Unix tool prefers LF, and readers take both.
    writer = csv.writer(buffer, lineterminator="\n")

    def line(values: Iterable[str]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(values)
        return buffer.getvalue()

    yield line(fields)
    for row in rows:
        yield line(text_of(row[field]) for field in fields)


def _tsv(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    yield "\t".join(fields) + "\n"
    for row in rows:
        yield "\t".join(text_of(row[field]).translate(_TSV) for field in fields) + "\n"
