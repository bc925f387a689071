"""Validate files that do not fit into memory, keep what is good, and never lose the place.

`iter_ndjson` holds one line at a time, `iter_json_array` one item. `quarantine` writes good and
bad records apart and notes how far it got, so that an interrupted run continues where it stopped
and ends with the same files.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from velvet_validation.contender import Compiled, Invalid, Problem, validate
from velvet_validation.guard import LimitExceeded

MAX_RECORD = 16 << 20


@dataclass(eq=False)
class Truncated(ValueError):
    """The file ends inside a record; ``offset`` is where that record begins."""

    offset: int

    def __str__(self) -> str:
        return f"the file ends inside the record that begins at byte {self.offset}: it was cut"


@dataclass(frozen=True)
class Row:
    """One record: its number since ``start``, its bytes, and its value or what is wrong with it.

    Attributes:
        offset: the byte where it begins in the (unpacked) file; ``end`` is where the next begins.
    """

    index: int
    offset: int
    end: int
    value: Any
    problems: tuple[Problem, ...]
    raw: bytes


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb") if packed else path.open("rb"))


def iter_ndjson(
    path: Path, compiled: Compiled, *, start: int = 0, max_record: int = MAX_RECORD
) -> Iterator[Row]:
    """Yield the records of a file with one JSON document a line; gzip is recognised.

    Args:
        start: the byte offset of a record, from a row's ``end``.
        max_record: the longest line in bytes; a small gzip file may hold one that fills the memory.

    Raises:
        LimitExceeded: a line is longer than ``max_record``.
        Truncated: the last line has no end and is no complete record.
    """
    offset = start
    with _open(path) as file:
        file.seek(start)
        for index, raw in enumerate(_lines(file, offset, max_record)):
            here, offset = offset, offset + len(raw)
            line = raw.rstrip(b"\r\n")
            if not line.strip():
                continue
            try:
                yield Row(index, here, offset, _checked(compiled, line), (), line)
            except Invalid as error:
                if not raw.endswith(b"\n") and error.problems[0].code == "json":
                    raise Truncated(here) from error
                yield Row(index, here, offset, None, error.problems, line)


def _lines(file: IO[bytes], offset: int, longest: int) -> Iterator[bytes]:
    try:
        while line := file.readline(longest + 1):
            if len(line) > longest:
                raise LimitExceeded("max_record", len(line), offset)
            offset += len(line)
            yield line
    except EOFError as error:  # a gzip file that was cut
        raise Truncated(offset) from error


def _checked(compiled: Compiled, line: bytes) -> Any:
    """Return the loaded record, by the library's own road from bytes where it accepts.

    What it refuses is read once more in two steps, to tell bad JSON from bad data.
    """
    try:
        return compiled.loads(line)
    except Exception as first:  # parsers and libraries have types of their own
        try:
            payload = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Invalid((Problem((), "json", f"is no JSON document ({error})"),)) from error
        validate(compiled, payload)
        raise Invalid((Problem((), "json", f"is no common JSON ({first})"),)) from first


def iter_json_array(path: Path, compiled: Compiled) -> Iterator[Row]:
    """Yield the items of one large JSON array.

    Raises:
        ImportError: ijson is not installed.
        Truncated: the array does not end.
    """
    import ijson  # type: ignore[import-untyped,unused-ignore]

    with _open(path) as file:
        items = enumerate(ijson.items(file, "item", use_float=True))
        index = -1
        try:
            for index, item in items:
                try:
                    yield Row(index, -1, -1, validate(compiled, item), (), b"")
                except Invalid as error:
                    raw = json.dumps(item).encode()
                    yield Row(index, -1, -1, None, error.problems, raw)
        except ijson.IncompleteJSONError as error:
            raise Truncated(index + 1) from error


@dataclass(frozen=True)
class Summary:
    """What a quarantine run did, all runs of it together."""

    ok: int
    bad: int
    by_code: dict[str, int]


def quarantine(rows: Iterable[Row], good: Path, bad: Path, *, every: int = 1000) -> Summary:
    """Write good records to one file and bad ones, with their problems, to another. Resumable.

    Work goes to ``*.part`` files beside a note of the offset; the final names appear only when
    all rows are read. Continue with ``iter_ndjson(..., start=resume_offset(good))``.

    Raises:
        OSError: the disk refuses; what the note covers is kept for the next run.
    """
    parts = [path.with_name(path.name + ".part") for path in (good, bad)]
    state = _read_note(_note(good))
    counts = Counter(state["by_code"])
    for part, path, size in zip(parts, (good, bad), state["sizes"], strict=True):
        if size and not part.exists():
            path.replace(part)  # the last run was stopped between its two moves
        with part.open("ab") as file:
            file.truncate(size)  # what was written after the last note is written again
    with parts[0].open("ab") as good_file, parts[1].open("ab") as bad_file:
        for number, row in enumerate(rows, 1):
            state["bad" if row.problems else "ok"] += 1
            state["offset"] = row.end
            if row.problems:
                counts.update({p.code or p.message for p in row.problems})
                said = [{"pointer": p.pointer, "message": p.message} for p in row.problems]
                raw = row.raw.decode("utf-8", "replace")
                record = {"offset": row.offset, "problems": said, "raw": raw}
                bad_file.write(json.dumps(record).encode() + b"\n")
            else:
                good_file.write(row.raw + b"\n")
            if number % every == 0:
                good_file.flush()
                bad_file.flush()
                state |= {"by_code": dict(counts), "sizes": [good_file.tell(), bad_file.tell()]}
                _write_note(_note(good), state)
    parts[0].replace(good)
    parts[1].replace(bad)
    _note(good).unlink(missing_ok=True)
    return Summary(state["ok"], state["bad"], dict(counts))


def resume_offset(good: Path) -> int:
    """Return the byte from which an interrupted quarantine continues; 0 when there is none."""
    return int(_read_note(_note(good))["offset"])


def _note(good: Path) -> Path:
    return good.with_name(good.name + ".note")


def _read_note(note: Path) -> dict[str, Any]:
    state: dict[str, Any] = {"ok": 0, "bad": 0, "by_code": {}, "offset": 0, "sizes": [0, 0]}
    return {**state, **json.loads(note.read_text(encoding="utf-8"))} if note.exists() else state


def _write_note(note: Path, state: dict[str, Any]) -> None:
    draft = note.with_name(note.name + ".new")
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(note)
