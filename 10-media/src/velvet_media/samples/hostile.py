"""Files that are made to hurt, each with the error that has to refuse it.

None of them is larger than two megabytes, so that they cost nothing to keep, as bombs do.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from velvet_media import errors
from velvet_media.errors import MediaError
from velvet_media.headers import PNG
from velvet_media.pngrows import chunk
from velvet_media.samples import media

FRAMES = 100_000


@dataclass(frozen=True)
class Hostile:
    """A file, what it does, and the class that has to refuse it."""

    name: str
    about: str
    error: type[MediaError]
    make: Callable[[], bytes]

    @property
    def data(self) -> bytes:
        """The bytes."""
        return _data(self.name)


@lru_cache(maxsize=32)
def _data(name: str) -> bytes:
    return FILES[name].make()


def png_bomb(width: int, height: int, body: bytes = b"") -> bytes:
    """Return a small PNG whose header promises any size."""
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = body or zlib.compress(bytes(10_000))
    return PNG + chunk(b"IHDR", ihdr) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def flat_png(side: int) -> bytes:
    """Return a true PNG of zeros: a few hundred kilobytes that decode to side x side x 3 bytes."""
    deflate = zlib.compressobj(1)
    row = bytes(side * 3 + 1)
    body = b"".join(deflate.compress(row) for _ in range(side)) + deflate.flush()
    return png_bomb(side, side, body)


def gif_of(frames: int) -> bytes:
    """Return a GIF of one pixel with any number of frames."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def _photo(**options: object) -> bytes:
    return media.jpeg(media.scene(320, 240, 3), **options)  # type: ignore[arg-type]


def _sized(data: bytes, width: int, height: int) -> bytes:
    """Return a JPEG whose frame header says another size."""
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        at = data.find(marker)
        if at > 0:
            return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]
    raise ValueError("no frame header")


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.js", "alert(1)")
    return out.getvalue()


def _svg() -> bytes:
    return (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        b'<image href="http://127.0.0.1:9/private" width="9" height="9"/></svg>'
    )


def _many_comments() -> bytes:
    data = _photo()
    return data[:2] + media.segment(0xFE, b"") * 400_000 + data[2:]


def _text_bomb() -> bytes:
    body = media.png(media.scene(64, 64, 3))
    deflate = zlib.compressobj(6)
    packed = b"".join(deflate.compress(bytes(1_000_000)) for _ in range(60)) + deflate.flush()
    return body[:33] + chunk(b"zTXt", b"Comment\0\0" + packed) + body[33:]


ALL = (
    Hostile(
        "bomb_60k",
        "header of 60,000 x 60,000",
        errors.TooManyPixels,
        lambda: png_bomb(60_000, 60_000),
    ),
    Hostile(
        "bomb_12k",
        "header of 12,000 x 12,000",
        errors.TooManyPixels,
        lambda: png_bomb(12_000, 12_000),
    ),
    Hostile(
        "flat_8k", "zeros, 8,000 x 8,000 for real", errors.TooManyPixels, lambda: flat_png(8_000)
    ),
    Hostile(
        "lying_png",
        "49 MP promised, 10 kB there",
        errors.CorruptMedia,
        lambda: png_bomb(7_000, 7_000),
    ),
    Hostile(
        "lying_jpeg",
        "frame header of 65,500 x 65,500",
        errors.TooManyPixels,
        lambda: _sized(_photo(), 65_500, 65_500),
    ),
    Hostile(
        "progressive_trap",
        "progressive, 48 MP in the header",
        errors.MemoryBudgetExceeded,
        lambda: _sized(_photo(progressive=True), 8_000, 6_000),
    ),
    Hostile(
        "cut_jpeg", "ends at half", errors.TruncatedMedia, lambda: _photo()[: len(_photo()) // 2]
    ),
    Hostile(
        "cut_png",
        "ends at half",
        errors.TruncatedMedia,
        lambda: media.png(media.scene(320, 240, 3))[:60_000],
    ),
    Hostile(
        "frames_100k", "100,000 frames of one pixel", errors.TooManyFrames, lambda: gif_of(FRAMES)
    ),
    Hostile(
        "polyglot_zip", "JPEG with a ZIP behind it", errors.PolyglotMedia, lambda: _photo() + _zip()
    ),
    Hostile(
        "polyglot_html",
        "GIF with a script in a comment",
        errors.PolyglotMedia,
        lambda: gif_of(1)[:19] + b"\x21\xfe\x18<script>alert(1)</script\x00" + gif_of(1)[19:],
    ),
    Hostile(
        "svg_outwards", "SVG that loads from a private address", errors.UnsupportedFormat, _svg
    ),
    Hostile("zip_named_jpg", "ZIP named holiday.jpg", errors.UnsupportedFormat, _zip),
    Hostile("empty", "no byte at all", errors.UnsupportedFormat, lambda: b""),
    Hostile(
        "start_only", "start marker of a JPEG alone", errors.TruncatedMedia, lambda: b"\xff\xd8"
    ),
    Hostile("many_segments", "400,000 empty comments", errors.CorruptMedia, _many_comments),
    Hostile("text_bomb", "60 MB of text in 60 kB", errors.CorruptMedia, _text_bomb),
)
FILES = {one.name: one for one in ALL}
