"""Take a picture from a stranger: limits first, header second, pixels last.

`inspect` compares what the header promises with `Limits` before anything is allocated. The two
traps that this order avoids: Pillow's `draft` shrinks `img.size`, so a check after it passes, while
a progressive JPEG still allocates its full size; and a decoder that returns a grey half of a
picture instead of an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from velvet_media.errors import (
    CorruptMedia,
    MemoryBudgetExceeded,
    PolyglotMedia,
    TooLarge,
    TooManyPixels,
    TruncatedMedia,
)
from velvet_media.headers import MediaInfo, View, read_header, view
from velvet_media.images import Image, ImageBackend, Source

MIB = 1024 * 1024
# Deflate cannot do better than 1032:1; a promise beyond that is a lie.
MAX_DEFLATE = 1032
# A ZIP ends with a directory of at most 64 KiB; browsers sniff, and PDF readers search, 1 KiB.
ZIP_TAIL, SNIFFED = 66_000, 1024
ZIP_END = b"PK\x05\x06\0\0\0\0"  # the directory's end, on the first disk of one
SECOND_FACES = {b"%PDF-": "a PDF", b"<script": "a page with a script", b"<html": "a web page"}


@dataclass(frozen=True)
class Limits:
    """What is accepted from a stranger; each error names the field that it breaks."""

    max_bytes: int = 64 * MIB
    max_pixels: int = 50_000_000
    max_side: int = 20_000
    max_frames: int = 500
    max_decode_bytes: int = 200 * MIB

    def __post_init__(self) -> None:
        """Refuse a limit that nothing breaks, such as NaN, or that everything breaks."""
        for name, value in vars(self).items():
            if not value >= 1:
                raise ValueError(f"{name} is {value}: choose 1 or more")

    def check(self, info: MediaInfo) -> None:
        """Raise the narrowest error for a header that promises too much."""
        if info.width * info.height > self.max_pixels:
            raise TooManyPixels(info.width, info.height, self.max_pixels)
        if max(info.width, info.height) > self.max_side:
            raise TooManyPixels(info.width, info.height, self.max_side, "max_side")
        if info.decode_bytes > self.max_decode_bytes:
            needed, limit = info.decode_bytes, self.max_decode_bytes
            raise MemoryBudgetExceeded(needed, limit, "max_decode_bytes")


DEFAULT = Limits()


def inspect(source: Source, limits: Limits = DEFAULT) -> MediaInfo:
    """Return what the header says, when the limits allow it. Time and memory of `read_header`.

    Raises:
        MediaError: the narrowest class that fits; see `velvet_media.errors`.
    """
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if size > limits.max_bytes:
        raise TooLarge(size, limits.max_bytes)
    info = read_header(source, limits.max_frames)
    limits.check(info)
    if info.end < 0:
        raise TruncatedMedia("the PNG ends before its IEND chunk: upload it again")
    if info.format == "png":
        rows = info.width * info.height * info.bits // 8  # of one channel, so at least
        if rows > size * MAX_DEFLATE:
            raise CorruptMedia(f"{size:,} bytes cannot hold {rows:,} bytes of pixels")
    with view(source) as data:
        _refuse_second_face(data, info)
    return info


def _refuse_second_face(data: View, info: MediaInfo) -> None:
    """Refuse a picture that another program reads as its own kind of file."""
    head = data[:SNIFFED].lower()
    for magic, name in SECOND_FACES.items():
        if magic.lower() in head:
            raise PolyglotMedia(f"the {info.format} is also {name}: strip it, then upload it")
    if data.find(ZIP_END, max(0, len(data) - ZIP_TAIL)) >= 0:  # also within a comment
        raise PolyglotMedia(f"the {info.format} is also a ZIP archive: strip it, then upload it")


def decode_safely(
    source: Source, limits: Limits = DEFAULT, backend: ImageBackend | None = None
) -> Image:
    """Return the upright picture of a source that the limits allow.

    Without a backend it is Pillow's. The size that comes out is compared with the promise.
    """
    info = inspect(source, limits)
    image = (backend or _pillow()).decode(source)
    promised = {info.width, info.height}
    if {image.shape[0], image.shape[1]} != promised:
        raise CorruptMedia(f"the decoder returned {image.shape[:2]}, the header says {promised}")
    return image


def _pillow() -> ImageBackend:
    from velvet_media.contenders import load

    backend: ImageBackend = load("images", "pillow")
    return backend


def to_eight_bits(samples: np.ndarray) -> Image:
    """Scale samples of 16 bits to 8; `convert("L")` of Pillow clips them instead, to white."""
    if samples.dtype == np.uint8:
        return samples
    return (samples.astype(np.uint32) * 255 + 32767).__floordiv__(65535).astype(np.uint8)
