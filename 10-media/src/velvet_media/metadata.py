"""Take out of a file what tells about its author, and leave the pixels as they are, bit for bit.

To decode and to encode again also loses metadata, and quality with it; and some libraries carry
a position or a comment over. The walkers here copy the segments that are needed and skip the rest:
a segment that is not known is not needed. O(bytes) time and memory, no pixel decode.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from velvet_media.errors import UnsupportedFormat
from velvet_media.exif import Exif, only_orientation, read_exif
from velvet_media.headers import PNG, XMP, jpeg_segments, png_chunks, read_header, riff_chunks
from velvet_media.pngrows import chunk

KEEP = frozenset({"icc", "orientation"})
PREVIEW = 24
# JPEG: JFIF and Adobe's colour transform decide about colours; tables and scans are the picture.
# Decoders skip DNL (0xDC) unread, and refuse the reserved C8, DE and DF.
JPEG_NEEDED = {*range(0xC0, 0xDE)} - {0xC8, 0xDC}
JFIF, ADOBE = (0xE0, b"JFIF\0", 14), (0xEE, b"Adobe", 12)  # marker, name, bytes without a thumbnail
# PNG: critical chunks, transparency, animation, and what decides about colours.
PNG_NEEDED = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"pHYs"}
PNG_NEEDED |= {b"acTL", b"fcTL", b"fdAT"}
PNG_COLOUR = {b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"sBIT"}
WEBP_PIXELS = {b"VP8 ", b"VP8L", b"ALPH"}
WEBP_NEEDED = {*WEBP_PIXELS, b"VP8X", b"ANIM"}
VP8X_EXIF, VP8X_XMP, VP8X_ICC = 0x08, 0x04, 0x20


@dataclass(frozen=True)
class Leak:
    """A piece of a file that tells more than the picture.

    Attributes:
        kind: exif, gps, xmp, iptc, comment, mpf, text, thumbnail, trailing, or other.
        offset: of its first byte in the file.
        preview: the printable part of its first bytes.
    """

    kind: str
    offset: int
    size: int
    preview: str


@dataclass(frozen=True)
class _Piece:
    """A segment: its place, the leaks in it, the wish that keeps it, and what then stands for it."""

    start: int
    end: int
    kinds: tuple[str, ...] = ()
    keep: str = ""
    instead: bytes | None = None
    exif: bytes | None = None


def audit(data: bytes) -> list[Leak]:
    """Return what a file gives away, in its order; JPEG, PNG or WebP."""
    found = []
    for piece in _pieces(data):
        body = data[piece.start : piece.end]
        for kind in piece.kinds:
            shown = _preview(kind, body)
            found.append(Leak(kind, piece.start, piece.end - piece.start, shown))
    return found


def _preview(kind: str, body: bytes) -> str:
    text = "".join(chr(byte) if 32 <= byte < 127 else " " for byte in body[4:400])
    words = [word for word in text.split() if len(word) > 2]
    return " ".join(words)[:PREVIEW] or f"{len(body)} bytes of {kind}"


def strip(data: bytes, keep: frozenset[str] = KEEP) -> bytes:
    """Return the file without metadata, its pixels untouched.

    Args:
        keep: of "icc" (or colours shift) and "orientation" (or it lies on its side).

    Raises:
        ValueError: `keep` names something else.
        UnsupportedFormat: a format with no walker here.
        CorruptMedia: the structure is broken.
    """
    if keep - KEEP:
        raise ValueError(f"keep is {sorted(keep)}: choose of {', '.join(sorted(KEEP))}")
    parts = []
    for piece in _pieces(data):
        if not piece.keep or piece.keep in keep:
            whole = data[piece.start : piece.end]
            parts.append(whole if piece.instead is None else piece.instead)
    if data.startswith(b"RIFF"):
        return _riff(parts, keep)
    return b"".join(parts)


def _pieces(data: bytes) -> Iterator[_Piece]:
    info = read_header(data)
    walkers = {"jpeg": _jpeg, "png": _png, "webp": _webp}
    if info.format not in walkers:
        raise UnsupportedFormat(f"metadata of {info.format} is not handled: convert it to PNG")
    exif: Exif | None = None
    for piece in walkers[info.format](data):
        if piece.exif is not None and exif is None:  # of several blocks, readers take the first
            exif = read_exif(piece.exif)
            kinds = tuple(kind for kind in ("exif", "gps", "thumbnail") if kind in exif.kinds)
            block = _minimal(exif, info.format)
            yield replace(piece, kinds=kinds, keep="orientation", instead=block)
        else:
            yield piece
    if info.end < len(data):
        yield _Piece(info.end, len(data), ("trailing",), keep="never")


def _minimal(exif: Exif, fmt: str) -> bytes:
    """Return a segment that holds the orientation alone, or nothing for an upright picture."""
    if exif.orientation == 1:
        return b""
    block = only_orientation(exif.orientation)
    if fmt == "jpeg":
        return b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block
    if fmt == "png":
        return chunk(b"eXIf", block)
    return b"EXIF" + struct.pack("<I", len(block)) + block


def _jpeg(data: bytes) -> Iterator[_Piece]:
    yield _Piece(0, 2)
    for marker, start, end in jpeg_segments(data):
        body = data[start + 4 : start + 64]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            yield _Piece(start, end, ("exif",), keep="never", exif=data[start + 10 : end])
        elif marker == 0xE1:
            kind = "xmp" if body.startswith(XMP) else "other"
            yield _Piece(start, end, (kind,), keep="never")
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            yield _Piece(start, end, keep="icc")
        elif marker == 0xE2 and body.startswith(b"MPF\0"):
            yield _Piece(start, end, ("mpf",), keep="never")
        elif marker == 0xED:
            yield _Piece(start, end, ("iptc",), keep="never")
        elif marker == 0xFE:
            yield _Piece(start, end, ("comment",), keep="never")
        elif marker in JPEG_NEEDED:
            yield _Piece(start, end)
        else:
            yield _application(data, marker, start, end)


def _application(data: bytes, marker: int, start: int, end: int) -> _Piece:
    """Keep what decides about colours, without the thumbnail or anything else behind it."""
    for needed, name, size in (JFIF, ADOBE):
        body = data[start + 4 : end]
        if marker == needed and body.startswith(name) and len(body) >= size:
            if len(body) == size:
                return _Piece(start, end)
            short = body[: size - 2] + (b"\0\0" if marker == JFIF[0] else body[size - 2 : size])
            head = bytes([0xFF, marker]) + struct.pack(">H", size + 2)
            kind = "thumbnail" if marker == JFIF[0] else "other"
            return _Piece(start, end, (kind,), instead=head + short)
    return _Piece(start, end, ("other",), keep="never")


def _png(data: bytes) -> Iterator[_Piece]:
    yield _Piece(0, len(PNG))
    for kind, start, end in png_chunks(data):
        body = data[start + 8 : end - 4]
        if kind in PNG_NEEDED:
            yield _Piece(start, end)
        elif kind in PNG_COLOUR:
            yield _Piece(start, end, keep="icc")
        elif kind == b"eXIf":
            yield _Piece(start, end, ("exif",), keep="never", exif=body)
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            xmp = body.startswith(b"XML:com.adobe.xmp")
            yield _Piece(start, end, ("xmp" if xmp else "text",), keep="never")
        else:  # such as tIME, and private chunks
            yield _Piece(start, end, ("other",), keep="never")


def _webp(data: bytes) -> Iterator[_Piece]:
    for kind, start, end in riff_chunks(data):
        if kind in WEBP_NEEDED:
            yield _Piece(start, end)
        elif kind == b"ANMF":
            yield _frame(data, start, end)
        elif kind == b"ICCP":
            yield _Piece(start, end, keep="icc")
        elif kind == b"EXIF":
            body = data[start + 8 : end].removeprefix(b"Exif\0\0")
            yield _Piece(start, end, ("exif",), keep="never", exif=body)
        else:
            leak = "xmp" if kind == b"XMP " else "other"
            yield _Piece(start, end, (leak,), keep="never")


def _frame(data: bytes, start: int, end: int) -> _Piece:
    """Keep the pixels of a frame of an animation, without other chunks behind its 16 bytes."""
    (length,) = struct.unpack("<I", data[start + 4 : start + 8])
    inner = [*riff_chunks(data, start + 24, start + 8 + length)]
    pixels = [data[at:stop] for kind, at, stop in inner if kind in WEBP_PIXELS]
    if len(pixels) == len(inner):
        return _Piece(start, end)
    body = data[start + 8 : start + 24] + b"".join(pixels)
    instead = b"ANMF" + struct.pack("<I", len(body)) + body
    return _Piece(start, end, ("other",), instead=instead)


def _riff(parts: list[bytes], keep: frozenset[str]) -> bytes:
    """Return a WebP file of chunks, with the flags of VP8X and the size made true again."""
    has_exif = any(part.startswith(b"EXIF") for part in parts)
    for number, part in enumerate(parts):
        if part.startswith(b"VP8X"):
            flags = part[8] & ~(VP8X_XMP | (0 if has_exif else VP8X_EXIF))
            flags &= ~(0 if "icc" in keep else VP8X_ICC)
            parts[number] = part[:8] + bytes([flags]) + part[9:]
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body
