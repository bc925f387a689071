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
from typing import IO, Any, Literal, cast

from velvet_validation.contender import Compiled, Invalid, Problem, validate

OnError = Literal["raise", "skip", "collect"]


class Truncated(ValueError):
    """The file ends inside a record; ``offset`` is where that record begins."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset

    def __str__(self) -> str:
        return f"the file ends inside the record that begins at byte {self.offset}: it was cut"


class TooManyErrors(ValueError):
    """More records were bad than the caller wanted to see."""

    def __init__(self, limit: int, index: int) -> None:
        super().__init__(limit, index)
        self.limit, self.index = limit, index

    def __str__(self) -> str:
        return f"more than {self.limit} bad records up to number {self.index}: is it this schema?"


@dataclass(frozen=True)
class Row:
    """One record.

    Attributes:
        index: its number in the file from 0; after a resume, from there.
        offset: the byte where it begins in the (unpacked) file; ``end`` is where the next begins.
        value: the loaded value, None when it is bad.
        problems: what is wrong; empty when it is good.
        raw: the bytes of the record without its line end.
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
    path: Path,
    compiled: Compiled,
    *,
    on_error: OnError = "raise",
    max_errors: int = 100,
    start: int = 0,
) -> Iterator[Row]:
    """Yield the records of a file with one JSON document a line; gzip is recognised.

    Args:
        on_error: "raise" the first `Invalid`, "skip" bad records, or "collect" them as rows.
        max_errors: more bad records than this end the run.
        start: the byte offset of a record, from a row's ``end``.

    Raises:
        Truncated: the last line has no end and is no complete record.
        TooManyErrors: `max_errors` is passed.
    """
    if on_error not in ("raise", "skip", "collect"):
        raise ValueError(f"unknown on_error {on_error!r}: choose raise, skip or collect")
    bad, offset = 0, start
    with _open(path) as file:
        file.seek(start)
        lines = enumerate(_lines(file, offset))
        for index, raw in lines:
            here, offset = offset, offset + len(raw)
            line = raw.rstrip(b"\r\n")
            if not line.strip():
                continue
            value: Any = None
            problems: tuple[Problem, ...] = ()
            try:
                value = _checked(compiled, line)
            except Invalid as error:
                if not raw.endswith(b"\n") and not _is_json(line):
                    raise Truncated(here) from error
                bad += 1
                if on_error == "raise":
                    raise
                if bad > max_errors:
                    raise TooManyErrors(max_errors, index) from error
                if on_error == "skip":
                    continue
                problems = error.problems
            yield Row(index, here, offset, value, problems, line)


def _lines(file: IO[bytes], offset: int) -> Iterator[bytes]:
    try:
        yield from file
    except EOFError as error:  # a gzip file that was cut
        raise Truncated(offset) from error


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _checked(compiled: Compiled, line: bytes) -> Any:
    """Return the loaded record; bytes that are no JSON are bad data, too."""
    try:
        payload = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Invalid([Problem((), "json", f"is no JSON document ({error})")]) from error
    return validate(compiled, payload)


def iter_json_array(path: Path, compiled: Compiled, *, prefix: str = "item") -> Iterator[Row]:
    """Yield the items of one large JSON array, or of the array at ``prefix`` (as ijson has it).

    Raises:
        ImportError: ijson is not installed.
        Truncated: the array does not end.
    """
    import ijson  # type: ignore[import-untyped,unused-ignore]

    with _open(path) as file:
        items = enumerate(ijson.items(file, prefix, use_float=True))
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
    last_offset: int


def quarantine(rows: Iterable[Row], good: Path, bad: Path, *, every: int = 1000) -> Summary:
    """Write good records to one file and bad ones, with their problems, to another. Resumable.

    Work goes to ``*.part`` files beside a note of the offset; the final names appear only when
    all rows are read. Continue with ``iter_ndjson(..., start=resume_offset(good))``.

    Raises:
        OSError: the disk refuses; what the note covers is kept for the next run.
    """
    parts = (good.with_name(good.name + ".part"), bad.with_name(bad.name + ".part"))
    note = _note(good)
    state = _read_note(note)
    for part, key in zip(parts, ("good_bytes", "bad_bytes"), strict=True):
        with part.open("ab") as file:
            file.truncate(state[key])  # what was written after the last note is written again
    counts, ok, wrong = Counter(state["by_code"]), state["ok"], state["bad"]
    offset = state["offset"]
    with parts[0].open("ab") as good_file, parts[1].open("ab") as bad_file:
        for number, row in enumerate(rows, 1):
            if row.problems:
                wrong += 1
                counts.update({p.code or p.message for p in row.problems})
                said = [{"pointer": p.pointer, "message": p.message} for p in row.problems]
                record = {"offset": row.offset, "problems": said, "raw": row.raw.decode("utf-8", "replace")}  # fmt: skip
                bad_file.write(json.dumps(record).encode() + b"\n")
            else:
                ok += 1
                good_file.write(row.raw + b"\n")
            offset = row.end
            if number % every == 0:
                good_file.flush()
                bad_file.flush()
                sizes = (good_file.tell(), bad_file.tell())
                _write_note(note, ok, wrong, dict(counts), offset, sizes)
    parts[0].replace(good)
    parts[1].replace(bad)
    note.unlink(missing_ok=True)
    return Summary(ok, wrong, dict(counts), offset)


def resume_offset(good: Path) -> int:
    """Return the byte from which an interrupted quarantine continues; 0 when there is none."""
    return int(_read_note(_note(good))["offset"])


def _note(good: Path) -> Path:
    return good.with_name(good.name + ".note")


def _read_note(note: Path) -> dict[str, Any]:
    fresh = {"ok": 0, "bad": 0, "by_code": {}, "offset": 0, "good_bytes": 0, "bad_bytes": 0}
    if not note.exists():
        return fresh
    return {**fresh, **json.loads(note.read_text(encoding="utf-8"))}


def _write_note(
    note: Path, ok: int, bad: int, codes: dict[str, int], offset: int, sizes: tuple[int, int]
) -> None:
    state = {"ok": ok, "bad": bad, "by_code": codes, "offset": offset}
    state |= {"good_bytes": sizes[0], "bad_bytes": sizes[1]}
    draft = note.with_name(note.name + ".new")
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(note)
