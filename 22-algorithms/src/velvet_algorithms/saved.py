"""How structures are saved: readable for years, or refused by name.

Filters and sketches go into an envelope, little-endian: magic ``VLVT``, version (2 bytes), length of
the header (4) and of the payload (8), header (JSON with the kind and its parameters), payload, and a
16-byte BLAKE2b digest of all that, because a filter that is wrong in one bit forgets a key, and no
later call would show it. Columns of numbers go into one .npz file, a zip archive, with a digest kept
where zip keeps its comment, because `numpy.load` overlooks some damage. It is written beside its
place and moved there, so a crash leaves the old file or the new.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC = b"VLVT"
VERSION = 1
_HEAD = struct.Struct("<4sHIQ")
_DIGEST_BYTES = 16


def pack(kind: str, fields: Mapping[str, Any], payload: bytes) -> bytes:
    """Return the envelope of one structure; `fields` are its parameters, JSON values only."""
    header = json.dumps({"kind": kind, **fields}, sort_keys=True).encode("ascii")
    body = _HEAD.pack(MAGIC, VERSION, len(header), len(payload)) + header + payload
    return body + blake2b(body, digest_size=_DIGEST_BYTES).digest()


def unpack(kind: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return parameters and payload of an envelope; ValueError unless it is a whole `kind`."""
    if len(data) < _HEAD.size or data[:4] != MAGIC:
        raise ValueError(f"not a saved {kind}: {len(data)} bytes that do not begin with {MAGIC!r}")
    _, version, header_size, payload_size = _HEAD.unpack_from(data)
    if version != VERSION:
        raise ValueError(
            f"this {kind} was saved in version {version}; only version {VERSION} can be read, "
            "so build it again from its source"
        )
    expected = _HEAD.size + header_size + payload_size + _DIGEST_BYTES
    if len(data) != expected:
        raise ValueError(f"a damaged {kind}: {len(data)} bytes where {expected} were saved")
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        raise ValueError(f"a damaged {kind}: its checksum does not match its content")
    fields = json.loads(body[_HEAD.size : _HEAD.size + header_size])
    found = fields.pop("kind")
    if found != kind:
        raise ValueError(f"this is a saved {found}, not a {kind}")
    return fields, body[_HEAD.size + header_size :]


def refuse_unlike(kind: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Raise ValueError where two structures to be merged differ in parameters, and name both."""
    if ours != theirs:
        different = sorted(name for name in ours if ours[name] != theirs.get(name))
        both = ", ".join(f"{name} {ours[name]!r} and {theirs.get(name)!r}" for name in different)
        raise ValueError(f"two {kind}s can only be merged with equal parameters; they have {both}")


DIGEST_SIZE = 32


def write_sealed(
    path: Path, kind: str, version: int, columns: Mapping[str, Sequence[float]]
) -> None:
    """Write columns of numbers, with their kind and version, whole or not at all.

    Raises TypeError for other columns; after an OSError a file that was there before is kept.
    """
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "bif":
            raise TypeError(f"column {name!r} holds other things than numbers of 64 bits")
    buffer = io.BytesIO()
    np.savez(buffer, kind=np.array(kind), version=np.array(version), **arrays)  # type: ignore[arg-type]
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = bytes(DIGEST_SIZE)
    content = buffer.getvalue()[:-DIGEST_SIZE]
    path = path.resolve()  # a link keeps leading to the file
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content + _digest(content))
        with suppress(FileNotFoundError):
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_sealed(path: Path, kind: str, version: int) -> dict[str, npt.NDArray[Any]]:
    """Read the columns that `write_sealed` wrote.

    Raises ValueError where the file is truncated, damaged, of another kind or version.
    """
    whole = path.read_bytes()
    content, digest = whole[:-DIGEST_SIZE], whole[-DIGEST_SIZE:]
    if _digest(content) != digest:
        raise ValueError(f"{path} is truncated, damaged or not a saved {kind}: save it again")
    with np.load(io.BytesIO(whole), allow_pickle=False) as archive:
        found = {name: archive[name] for name in archive.files}
    saved = (str(found.pop("kind")), int(found.pop("version")))
    if saved != (kind, version):
        raise ValueError(
            f"{path} holds a {saved[0]}, version {saved[1]}; this reads a {kind}, version {version}: "
            "build it again"
        )
    return found


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=DIGEST_SIZE).digest()
