"""Arrays in one .npz file that tells damage from content, for structures worth saving.

An .npz file is a zip archive, and `numpy.load` finds some damage and overlooks other; a digest of
all bytes, kept where zip keeps its comment, finds every flipped bit, and any zip tool can still read
the file. It is written beside its place and moved there, so a crash leaves the old file or the new.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

DIGEST_SIZE = 32


def write_sealed(
    path: Path, kind: str, version: int, columns: Mapping[str, Sequence[float]]
) -> None:
    """Write columns of numbers, with their kind and version, whole or not at all.

    Raises:
        OSError: the file cannot be written; a file that was there before is kept.
        TypeError: a column holds something else than numbers of 64 bits.
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
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content + _digest(content))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_sealed(path: Path, kind: str, version: int) -> dict[str, npt.NDArray[Any]]:
    """Read the columns that `write_sealed` wrote.

    Raises:
        ValueError: the file is truncated, damaged, of another kind or version.
        OSError: it cannot be read.
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
