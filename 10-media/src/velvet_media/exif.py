"""EXIF: one tag that turns the picture, many that tell where and with what it was taken.

EXIF is a TIFF file inside of the picture (CIPA DC-008). Only what this module needs is read: the
orientation, whether there is a position, and where the embedded thumbnail lies; a thumbnail often
survives an edit that removed a face from the picture itself. Invalid EXIF is never an error, as
the picture is fine without it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from velvet_media.images import Image

ORIENTATION, GPS_IFD, THUMBNAIL, THUMBNAIL_SIZE = 0x0112, 0x8825, 0x0201, 0x0202
INVERSE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


@dataclass(frozen=True)
class Exif:
    """What EXIF says.

    Attributes:
        orientation: 1 to 8; what is absent, of a wrong type or out of range is 1.
        problem: why the orientation was not taken as it stands; empty when it was.
    """

    orientation: int = 1
    kinds: frozenset[str] = field(default_factory=frozenset)
    problem: str = ""


def _entries(data: bytes, order: str, at: int) -> Iterator[tuple[int, int, int, int]]:
    (count,) = struct.unpack(f"{order}H", data[at : at + 2])
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, number, value = struct.unpack(f"{order}HHII", data[entry : entry + 12])
        if kind == 3:
            (value,) = struct.unpack(f"{order}H", data[entry + 8 : entry + 10])
        yield tag, kind, number, value


def read_exif(data: bytes) -> Exif:
    """Return what a block of EXIF says, from its byte-order mark on; never raises. O(tags)."""
    try:
        order = {b"II": "<", b"MM": ">"}[bytes(data[:2])]
        (at,) = struct.unpack(f"{order}I", data[4:8])
        tags = {tag: (kind, value) for tag, kind, _, value in _entries(data, order, at)}
    except (KeyError, struct.error, IndexError):
        return Exif(kinds=frozenset({"exif"}), problem="the EXIF block cannot be read")
    kinds = {"exif"} if set(tags) - {ORIENTATION} else set()
    if GPS_IFD in tags:
        kinds.add("gps")
    if _thumbnail(data, order, at):
        kinds |= {"exif", "thumbnail"}
    kind, value = tags.get(ORIENTATION, (3, 1))
    if kind == 3 and 1 <= value <= 8:
        return Exif(value, frozenset(kinds))
    problem = f"orientation {value} of type {kind} is none of 1 to 8 as SHORT, taken as 1"
    return Exif(1, frozenset(kinds), problem)


def _thumbnail(data: bytes, order: str, at: int) -> bool:
    """Whether a second directory has a thumbnail."""
    try:
        (count,) = struct.unpack(f"{order}H", data[at : at + 2])
        (following,) = struct.unpack(f"{order}I", data[at + 2 + 12 * count : at + 6 + 12 * count])
        return bool(following) and THUMBNAIL in [
            tag for tag, *_ in _entries(data, order, following)
        ]
    except struct.error:
        return False


def only_orientation(orientation: int) -> bytes:
    """Return the smallest EXIF block with an orientation: 26 bytes."""
    entry = struct.pack(">HHIHH", ORIENTATION, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


def apply_orientation(image: Image, orientation: int) -> Image:
    """Return the picture as it is meant to be seen. O(pixels) for the one copy at the end.

    All eight are flips and transpositions, which NumPy makes as views.

    >>> marked = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    >>> apply_orientation(marked, 6)[..., 0].tolist()
    [[3, 0], [4, 1], [5, 2]]
    """
    if orientation not in INVERSE:
        raise ValueError(f"orientation is {orientation}: EXIF defines 1 to 8")
    turned = image.swapaxes(0, 1) if orientation >= 5 else image
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)
