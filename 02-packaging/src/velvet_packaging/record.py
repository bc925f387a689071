"""RECORD, the list inside a wheel that says which bytes belong to it.

One CSV row a file: path, digest, size. It is the wheel's only statement about its own content, and
neither pip nor uv nor installer compares a file with its row by default. Each way to break a row has an error of its own.

Sources: the PyPA specifications recording-installed-packages and binary-distribution-format.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from velvet_packaging import errors

UNSIGNED = ("RECORD", "RECORD.jws", "RECORD.p7s")
_STRONG = 32  # bytes of a sha256 digest
_DRIVE = re.compile(r"[A-Za-z]:")
_DIGITS = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True)
class RecordEntry:
    """One row.

    Attributes:
        algorithm: such as ``sha256``; empty where there is no digest.
        digest: the raw bytes of the digest.
        size: in bytes; None where there is none.
    """

    path: str
    algorithm: str = ""
    digest: bytes = b""
    size: int | None = None

    @classmethod
    def of(cls, path: str, data: bytes, algorithm: str = "sha256") -> RecordEntry:
        """Return the row of a file's content."""
        return cls(path, algorithm, hashlib.new(algorithm, data).digest(), len(data))

    @property
    def is_directory(self) -> bool:
        """Whether the row names a folder, which some backends write and which means nothing."""
        return self.path.endswith("/")

    @property
    def fields(self) -> tuple[str, str, str]:
        """The row as it stands in the file."""
        told = base64.urlsafe_b64encode(self.digest).rstrip(b"=").decode()
        digest = f"{self.algorithm}={told}" if self.algorithm else ""
        return self.path, digest, "" if self.size is None else str(self.size)


def _path(row: int, path: str) -> str:
    if not path:
        raise errors.EmptyPath(row, "the path is empty")
    if path.startswith("/") or _DRIVE.match(path):
        raise errors.AbsolutePath(row, f"{path!r} is absolute; paths are relative to the root")
    parts = path.removesuffix("/").split("/")
    if "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise errors.NonNormalizedPath(row, f"{path!r} is not normalized")
    return path


def _digest(row: int, text: str) -> tuple[str, bytes]:
    algorithm, equals, encoded = text.partition("=")
    if not equals or not encoded:
        raise errors.MalformedDigest(row, f"{text!r} is not algorithm=digest")
    try:
        size = hashlib.new(algorithm).digest_size
    except (ValueError, TypeError):
        raise errors.UnknownAlgorithm(row, f"{algorithm!r} is no algorithm of hashlib") from None
    if size < _STRONG:
        raise errors.WeakDigest(row, f"{algorithm} is weaker than sha256")
    padding = "=" * (-len(encoded) % 4)
    try:
        digest = base64.b64decode(encoded + padding, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise errors.MalformedDigest(row, f"{encoded!r} is not urlsafe base64") from None
    if len(digest) != size or "=" in encoded:
        raise errors.MalformedDigest(row, f"{encoded!r} is no {algorithm} digest without padding")
    return algorithm, digest


def _entry(row: int, fields: list[str], exempt: frozenset[str]) -> RecordEntry:
    if len(fields) != 3:
        raise errors.FieldCount(row, f"{len(fields)} fields instead of 3")
    path = _path(row, fields[0])
    free = path in exempt or path.endswith("/")
    if not fields[1] and not free:
        raise errors.MissingDigest(row, f"{path} has no digest")
    if not fields[2] and not free:
        raise errors.MissingSize(row, f"{path} has no size")
    algorithm, digest = _digest(row, fields[1]) if fields[1] else ("", b"")
    if fields[2] and not _DIGITS.fullmatch(fields[2]):
        raise errors.MalformedSize(row, f"{fields[2]!r} is no decimal number")
    return RecordEntry(path, algorithm, digest, int(fields[2]) if fields[2] else None)


def parse_record(text: str, dist_info: str | None = None) -> tuple[RecordEntry, ...]:
    """Return the rows of a RECORD, in their order.

    Args:
        dist_info: the folder whose RECORD and signatures may lack a digest; any by default.

    Raises:
        RecordError: a row breaks a rule; the class says which.

    >>> parse_record("a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\\n")[0].size
    0
    """

    def rows() -> Iterator[list[str]]:
        return csv.reader(io.StringIO(text, newline=""))  # one at a time: a RECORD may be hostile

    seen: dict[str, RecordEntry] = {}
    try:
        folders = [dist_info] if dist_info else [row[0].rpartition("/")[0] for row in rows() if row]
        chosen = {one for one in folders if one.endswith(".dist-info")}
        exempt = frozenset(f"{folder}/{name}" for folder in chosen for name in UNSIGNED)
        for number, row in enumerate(rows(), start=1):
            entry = _entry(number, row, exempt) if row else None  # an empty line at the end
            if entry and seen.setdefault(entry.path, entry) != entry:
                raise errors.ConflictingEntry(number, f"{entry.path} is listed twice, differently")
    except csv.Error as error:  # a field of more than 128 kB; a NUL before Python 3.11
        raise errors.FieldCount(0, str(error)) from None
    return tuple(seen.values())


def write_record(entries: Iterable[RecordEntry]) -> str:
    """Return a RECORD; the inverse of `parse_record`. Python 3.10 raises csv.Error for a NUL."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(entry.fields for entry in entries)
    return out.getvalue()
