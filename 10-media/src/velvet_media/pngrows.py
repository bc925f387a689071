"""Read and write PNG files in strips of rows: the memory of one strip, whatever the height.

A PNG is one compressed stream of rows, each of them filtered by the row above. The reader inflates
just enough for a strip and hands it to Pillow as a small PNG of its own, behind one row that holds
the pixels above; so C code undoes the filters, and only the strip is in memory. Interlaced files
need all rows for the first one and are refused.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image as Pil

from velvet_media.errors import (
    CorruptMedia,
    MemoryBudgetExceeded,
    TruncatedMedia,
    UnsupportedFormat,
)
from velvet_media.headers import PNG
from velvet_media.images import Image, Size

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
COLOURS = {channels: colour for colour, channels in CHANNELS.items()}
READ = 64 * 1024
STRIP = 32
# A row is inflated, joined, wrapped, decoded by Pillow at four bytes a pixel, copied, and summed.
COPIES = 10


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG chunk: length, type, body, checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


class PngRowReader:
    """The rows of an 8-bit PNG in strips. O(strip) memory, O(pixels) time; not thread-safe.

    Args:
        file: opened for reading in binary.
        budget: bytes that one strip may take; a strip of a row at least must fit.

    Raises:
        UnsupportedFormat: no PNG, or palette, 16 bits, interlaced.
        MemoryBudgetExceeded: not even one row fits the budget.
    """

    def __init__(self, file: BinaryIO, *, rows: int = STRIP, budget: int | None = None) -> None:
        self._file = file
        head = file.read(33)
        if head[:8] != PNG or len(head) < 33:
            raise UnsupportedFormat("it is no PNG: only PNG files are read in rows")
        self.width, self.height, bits, colour, _, _, interlace = struct.unpack(
            ">IIBBBBB", head[16:29]
        )
        if bits != 8 or colour not in CHANNELS or interlace:
            raise UnsupportedFormat("rows need 8 bits, no palette and no interlacing: convert it")
        self.channels = CHANNELS[colour]
        self._colour, self._stride = colour, self.width * self.channels + 1
        per_row = COPIES * self._stride
        if budget is not None:
            if budget < per_row:
                raise MemoryBudgetExceeded(per_row, budget)
            rows = min(rows, budget // per_row)
        self.rows = max(1, rows)

    def strips(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Yield arrays of up to `rows` rows, shape (rows, width, channels), top to bottom."""
        above = b"\0" * (self._stride - 1)
        inflated = _Inflater(self._file)
        for first in range(0, self.height, self.rows):
            count = min(self.rows, self.height - first)
            strip = self._decoded(above, inflated.exactly(count * self._stride), count)
            above = strip[-1].tobytes()
            yield strip

    def _decoded(self, above: bytes, filtered: bytes, count: int) -> npt.NDArray[np.uint8]:
        ihdr = struct.pack(">IIBBBBB", self.width, count + 1, 8, self._colour, 0, 0, 0)
        stored = zlib.compress(b"\0" + above + filtered, 0)
        wrapped = PNG + chunk(b"IHDR", ihdr) + chunk(b"IDAT", stored) + chunk(b"IEND", b"")
        try:
            with Pil.open(io.BytesIO(wrapped)) as opened:
                pixels = np.asarray(opened)
        except (OSError, SyntaxError) as error:
            raise CorruptMedia("a row has an unknown filter: upload it again") from error
        return pixels.reshape(count + 1, self.width, self.channels)[1:]


class _Inflater:
    """The bytes of all IDAT chunks, inflated as far as they are asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._inflate, self._left = file, zlib.decompressobj(), 0

    def _compressed(self) -> bytes:
        while not self._left:
            head = self._file.read(8)
            if len(head) < 8 or head[4:] == b"IEND":
                return b""
            (length,) = struct.unpack(">I", head[:4])
            if head[4:] == b"IDAT":
                self._left = length
            else:
                self._file.seek(length, 1)
            if not self._left:
                self._file.seek(4, 1)
        data = self._file.read(min(READ, self._left))
        self._left -= len(data)
        if not self._left:
            self._file.seek(4, 1)
        return data

    def exactly(self, size: int) -> bytes:
        parts, have = [], 0
        while have < size:
            given = self._inflate.unconsumed_tail or self._compressed()
            try:
                part = self._inflate.decompress(given, size - have)
            except zlib.error as error:
                raise CorruptMedia(f"the pixel data cannot be inflated ({error})") from error
            if not given and not part:
                raise TruncatedMedia("the PNG ends before its last row: upload it again")
            parts.append(part)
            have += len(part)
        return b"".join(parts)


class PngRowWriter:
    """Write a PNG from strips of rows. O(strip) memory.

    Each row is stored as the difference to the row above (filter 2), which compresses well and is
    one subtraction for a whole strip.
    """

    def __init__(self, file: BinaryIO, size: Size, channels: int = 3, *, level: int = 1) -> None:
        if channels not in COLOURS:
            raise ValueError(f"channels is {channels}: choose 1, 2, 3 or 4")
        self._file, self.size, self.channels = file, size, channels
        self._deflate = zlib.compressobj(level)
        self._above = np.zeros((1, size[0], channels), np.uint8)
        self._written = 0
        ihdr = struct.pack(">IIBBBBB", *size, 8, COLOURS[channels], 0, 0, 0)
        file.write(PNG + chunk(b"IHDR", ihdr))

    def write(self, strip: npt.NDArray[np.uint8]) -> None:
        """Append rows.

        Raises:
            ValueError: the strip has another width or another number of channels.
        """
        if strip.shape[1:] != (self.size[0], self.channels):
            raise ValueError(f"a strip of {strip.shape}: (rows, {self.size[0]}, {self.channels})")
        differences = strip - np.concatenate([self._above, strip[:-1]])
        rows = np.full((len(strip), 1 + self.size[0] * self.channels), 2, np.uint8)
        rows[:, 1:] = differences.reshape(len(strip), -1)
        self._above = strip[-1:].copy()
        self._written += len(strip)
        if packed := self._deflate.compress(rows.tobytes()):
            self._file.write(chunk(b"IDAT", packed))

    def close(self) -> None:
        """Write the end.

        Raises:
            ValueError: rows are missing, or there are too many.
        """
        if self._written != self.size[1]:
            raise ValueError(f"{self._written} rows were written, the header says {self.size[1]}")
        self._file.write(chunk(b"IDAT", self._deflate.flush()) + chunk(b"IEND", b""))


def box_reduce(strips: Iterable[npt.NDArray[np.uint8]], factor: int) -> Iterator[Image]:
    """Yield rows of the picture made smaller by a whole factor, by means over squares.

    O(pixels) time; keeps the rows of one square. What does not fill a square is left out.
    """
    if factor < 1:
        raise ValueError(f"factor is {factor}: choose 1 or more")
    waiting: npt.NDArray[np.uint8] | None = None
    for strip in strips:
        rows = strip if waiting is None else np.concatenate([waiting, strip])
        whole, columns = len(rows) // factor, rows.shape[1] // factor
        waiting = rows[whole * factor :].copy()
        if whole and columns:
            used = rows[: whole * factor, : columns * factor]
            across = np.add.reduceat(used, np.arange(0, columns * factor, factor), 1, np.uint32)
            sums = across.reshape(whole, factor, columns, -1).sum(axis=1)
            yield ((sums + factor * factor // 2) // (factor * factor)).astype(np.uint8)


def shrink_file(source: Path, target: Path, factor: int, *, budget: int | None = None) -> Size:
    """Shrink a PNG of any size by a whole factor into another one, and return the new size.

    O(width) memory. A failure leaves no half-written target.
    """
    partial = target.with_name(f"{target.name}.part")
    try:
        with source.open("rb") as file, partial.open("wb") as out:
            reader = PngRowReader(file, budget=budget)
            size = (reader.width // factor, reader.height // factor)
            writer = PngRowWriter(out, size, reader.channels)
            for rows in box_reduce(reader.strips(), factor):
                writer.write(rows)
            writer.close()
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return size
