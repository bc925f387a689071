"""Read what a file says about itself, without decoding a pixel.

A decoder allocates what the header promises, so the promise has to be known before the decoder is
called. The walkers below hop from segment to segment and touch a few bytes of each, in a mapped
file no more than the pages they land on; a JPEG's scans alone have no length and are searched for
their end. Formats: JPEG (ITU-T T.81), PNG (W3C), GIF89a, WebP
(RFC 9649), TIFF 6.0. What none of them recognises is unsupported, whatever its name says.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from velvet_media.errors import CorruptMedia, TooManyFrames, TruncatedMedia, UnsupportedFormat
from velvet_media.exif import Exif, read_exif
from velvet_media.images import Size, Source

View = bytes | mmap.mmap
# Cameras write some dozens of segments; 64 MiB in full GIF blocks are 263,000 hops. More are made to
# waste time.
MAX_SEGMENTS, MAX_BLOCKS = 20_000, 300_000
# A progressive file has about ten scans; each takes a decoder the time of the whole picture.
MAX_SCANS = 50
# Writers use tiles of 256 pixels; a decoder allocates a whole one for a picture of any size.
MAX_TILE = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n"
STANDALONE = {0x01, *range(0xD0, 0xD9)}  # JPEG markers without a length
NO_FILL = re.compile(rb"[^\xff]")
# In scan data 0xFF is followed by 0 or by a restart marker.
AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
TILE_WIDTH, TILE_LENGTH = 322, 323
TIFF_SIDES = {256, 257, TILE_WIDTH, TILE_LENGTH}
XMP = b"http://ns.adobe.com/xap/1.0/\0"
KNOWN_OTHERS = {
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF-": "a PDF document",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML document",
    b"\x1f\x8b": "a gzip file",
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
}


@dataclass(frozen=True)
class MediaInfo:
    """What a header says.

    Attributes:
        bits: of one sample.
        orientation: of EXIF, 1 to 8; 1 when it is absent or invalid.
        end: the offset at which the picture ends; what follows belongs to no picture.
    """

    format: str
    width: int
    height: int
    frames: int = 1
    bits: int = 8
    progressive: bool = False
    has_alpha: bool = False
    orientation: int = 1
    has_icc: bool = False
    metadata_kinds: frozenset[str] = field(default_factory=frozenset)
    end: int = 0

    @property
    def decode_bytes(self) -> int:
        """The memory that Pillow takes to decode and shrink one frame, or a little less.

        That is 4 bytes a pixel. It is twice that for a progressive JPEG, whose coefficients stay
        in memory until the last scan, and for alpha, which is multiplied in before a filter; four
        times for WebP, of which libwebp keeps two canvases and Pillow two copies. An array of all
        pixels comes on top.
        """
        twice = self.progressive or self.has_alpha
        return self.width * self.height * 4 * (4 if self.format == "webp" else 2 if twice else 1)

    @property
    def megapixels(self) -> float:
        """The pixels of one frame, in millions."""
        return self.width * self.height / 1e6


@contextmanager
def view(source: Source) -> Iterator[View]:
    """Map a file, or hand the bytes through; a mapped page is read when it is touched."""
    if isinstance(source, bytes):
        yield source
        return
    with Path(source).open("rb") as file:
        if not file.seek(0, 2):
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped


def read_header(source: Source, max_frames: int = 500) -> MediaInfo:
    """Return what a file says about itself. O(segments) time, of a JPEG O(bytes); O(1) memory.

    Raises:
        UnsupportedFormat: the content is of no known format.
        CorruptMedia, TruncatedMedia: its structure is broken or ends early.
        TooManyFrames: there are more frames than `max_frames`; counting stops there.
        ValueError: `max_frames` is under 1.
    """
    if not max_frames >= 1:
        raise ValueError(f"max_frames is {max_frames}: choose 1 or more")
    with view(source) as data:
        head = data[:16]
        try:
            if head.startswith(b"\xff\xd8"):
                return _jpeg(data)
            if head.startswith(PNG):
                return _png(data, max_frames)
            if head[:6] in (b"GIF87a", b"GIF89a"):
                return _gif(data, max_frames)
            if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
                return _webp(data, max_frames)
            if head[:4] in (b"II*\0", b"MM\0*"):
                return _tiff(data, max_frames)
        except (struct.error, IndexError) as error:
            raise TruncatedMedia(
                f"the file ends within a header, after {len(data)} bytes: upload it again"
            ) from error
        raise UnsupportedFormat(_what(data[:256]))


def _what(head: bytes) -> str:
    accepted = "accepted are JPEG, PNG, GIF, WebP and TIFF"
    if not head:
        return f"the file is empty: {accepted}"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in KNOWN_OTHERS.items():
        if text.startswith(magic):
            return f"the content is {name}, whatever its name says: {accepted}"
    return f"the content begins with {head[:8].hex(' ')}: {accepted}"


def _steps(limit: int = MAX_SEGMENTS) -> Iterator[int]:
    yield from range(limit)
    raise CorruptMedia(f"more than {limit:,} segments: save it anew with an image editor")


def jpeg_segments(data: View) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of each segment; the last one is the end marker.

    Start is the offset of the 0xFF byte. A scan holds its header and its data. A progressive file
    has several scans, and between them there may be any other segment.
    """
    at, scans = 2, 0
    for _ in _steps():
        after_fill = NO_FILL.search(data, at)  # fill bytes are allowed before a marker
        if after_fill is None:
            raise TruncatedMedia(f"the JPEG ends at offset {at}: upload it again")
        marker = data[after_fill.start()]
        if after_fill.start() == at or not marker:
            raise CorruptMedia(f"no JPEG marker at offset {at}: save it anew with an image editor")
        at = after_fill.start() - 1
        if marker in STANDALONE:
            at += 2
            continue
        if marker == 0xD9:
            yield marker, at, at + 2
            return
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise TruncatedMedia(f"the segment at offset {at} runs over the end: upload it again")
        if marker == 0xDA:
            scans += 1
            if scans > MAX_SCANS:
                raise CorruptMedia(f"more than {MAX_SCANS} scans: save it anew as a baseline JPEG")
            following = AFTER_SCAN.search(data, end)
            if following is None:
                raise TruncatedMedia("the JPEG has no end marker (EOI): upload it again")
            end = following.start()
        yield marker, at, end
        at = end


def _jpeg(data: View) -> MediaInfo:
    found: MediaInfo | None = None
    exif, kinds, icc, end = None, set[str](), False, 0
    for marker, start, end in jpeg_segments(data):
        body = data[start + 4 : min(end, start + 4 + 64)]
        if marker in SOF:
            if found is not None:  # readers differ in which of them they believe
                raise CorruptMedia("a JPEG of two frame headers: save it anew")
            bits, height, width, parts = struct.unpack(">BHHB", body[:6])
            found = MediaInfo("jpeg", width, height, bits=bits, progressive=marker in PROGRESSIVE)
            if parts not in (1, 3, 4):
                raise CorruptMedia(f"a JPEG of {parts} components: 1, 3 or 4 are defined")
        elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
            # As readers do, the first block counts; the rest would only take time.
            exif = exif or read_exif(data[start + 10 : end])
            kinds |= exif.kinds
        elif marker == 0xE1 and body.startswith(XMP):
            kinds.add("xmp")
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            icc = True
        elif marker == 0xE2 and body.startswith(b"MPF\0"):
            kinds.add("mpf")
        elif marker == 0xED:
            kinds.add("iptc")
        elif marker == 0xFE:
            kinds.add("comment")
    if found is None:
        raise CorruptMedia("a JPEG without a frame header (SOF): upload it again")
    return _checked(found, exif, kinds, icc, end, len(data))


def png_chunks(data: View) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) of each chunk; start is the offset of its length."""
    at = len(PNG)
    for _ in _steps():
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        if end > len(data):
            raise TruncatedMedia(f"the chunk {kind!r} runs over the end: upload it again")
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end


def _png(data: View, max_frames: int) -> MediaInfo:
    width, height, bits, colour = struct.unpack(">IIBB", data[16:26])
    if data[12:16] != b"IHDR" or not data[26:29] or colour not in (0, 2, 3, 4, 6):
        raise CorruptMedia("a PNG that does not begin with a valid IHDR: upload it again")
    info = MediaInfo("png", width, height, bits=bits, has_alpha=colour in (4, 6))
    exif, kinds, icc, frames, alpha, end = None, set[str](), False, 1, info.has_alpha, 0
    try:
        for kind, start, end in png_chunks(data):
            body = slice(start + 8, end - 4)
            if kind == b"acTL":
                (frames,) = struct.unpack(">I", data[body][:4])
                if frames > max_frames:
                    raise TooManyFrames(max_frames)
            elif kind == b"eXIf":
                exif = exif or read_exif(data[body])
                kinds |= exif.kinds
            elif kind == b"iCCP":
                icc = True
            elif kind in (b"tEXt", b"zTXt", b"iTXt"):
                kinds.add("xmp" if data[body][:17] == b"XML:com.adobe.xmp" else "text")
            elif kind == b"tRNS":
                alpha = True
    except (TruncatedMedia, struct.error):
        # The size is known, and too large a size is the better answer; the caller checks both.
        end = -1
    info = MediaInfo("png", width, height, frames, bits, has_alpha=alpha)
    return _checked(info, exif, kinds, icc, end, len(data))


def _gif(data: View, max_frames: int) -> MediaInfo:
    width, height, flags = struct.unpack("<HHB", data[6:11])
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    frames, kinds, steps = 0, set[str](), _steps(MAX_BLOCKS)

    def skip_blocks(at: int) -> int:
        while data[at]:
            next(steps)
            at += data[at] + 1
        return at + 1

    while data[at] != 0x3B:
        next(steps)
        if data[at] == 0x21:
            kinds |= {"comment"} if data[at + 1] == 0xFE else set()
            at = skip_blocks(at + 2)
        elif data[at] == 0x2C:
            frames += 1
            if frames > max_frames:
                raise TooManyFrames(max_frames)
            left, top, wide, high = struct.unpack("<4H", data[at + 1 : at + 9])
            width, height = max(width, left + wide), max(height, top + high)  # decoders grow it
            local = data[at + 9]
            at = skip_blocks(at + 11 + (3 << (local & 7) + 1 if local & 0x80 else 0))
        else:
            raise CorruptMedia(f"no GIF block at offset {at}: save it anew with an image editor")
    info = MediaInfo("gif", width, height, frames, has_alpha=True)
    return _checked(info, None, kinds, False, at + 1, len(data))


def riff_chunks(data: View, at: int = 12, stop: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) of each chunk of a WebP file, the padding byte included."""
    stop = stop or 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise TruncatedMedia(f"RIFF promises {stop} bytes of {len(data)}: upload it again")
    for _ in _steps():
        if at >= stop:
            return
        kind, length = struct.unpack("<4sI", data[at : at + 8])
        end = at + 8 + length + (length & 1)
        if end > stop:
            raise TruncatedMedia(f"the chunk {kind!r} runs over the end: upload it again")
        yield kind, at, end
        at = end


def _webp(data: View, max_frames: int) -> MediaInfo:
    width = height = frames = 0
    exif, kinds, icc, alpha, end = None, set[str](), False, False, 12
    for kind, start, end in riff_chunks(data):
        body = data[start + 8 : start + 18]
        if kind in (b"VP8X", b"VP8 ", b"VP8L"):
            size, seen = _webp_size(kind, body), (width, height)
            if width and size != seen:
                raise CorruptMedia(f"a WebP of two sizes, {seen} and {size}: save it anew")
            width, height = size
            if kind == b"VP8X":
                icc, alpha = bool(body[0] & 0x20), bool(body[0] & 0x10)
            elif kind == b"VP8L":
                alpha = alpha or bool(body[4] >> 4 & 1)
        elif kind == b"ANMF":
            frames += 1
            if frames > max_frames:
                raise TooManyFrames(max_frames)
        elif kind == b"EXIF":
            exif = exif or read_exif(data[start + 8 : end].removeprefix(b"Exif\0\0"))
            kinds |= exif.kinds
        elif kind == b"XMP ":
            kinds.add("xmp")
    info = MediaInfo("webp", width, height, max(1, frames), has_alpha=alpha)
    return _checked(info, exif, kinds, icc, end, len(data))


def _webp_size(kind: bytes, body: bytes) -> Size:
    if kind == b"VP8X":
        wide, high = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return wide, high
    if kind == b"VP8 ":
        wide, high = struct.unpack("<HH", body[6:10])
        return wide & 0x3FFF, high & 0x3FFF
    (packed,) = struct.unpack("<I", body[1:5])
    return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1


def _tiff(data: View, max_frames: int) -> MediaInfo:
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack(f"{order}I", data[4:8])
    tags: dict[int, int] = {}
    sides: set[tuple[int, int]] = set()
    pages, kinds, visited, steps = 0, set[str](), set[int](), _steps()
    while at and at not in visited:
        visited.add(at)
        pages += 1
        if pages > max_frames:
            raise TooManyFrames(max_frames)
        (count,) = struct.unpack(f"{order}H", data[at : at + 2])
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            next(steps)  # directories may overlap
            tag, kind, number, value = struct.unpack(f"{order}HHII", data[entry : entry + 12])
            if tag in TIFF_SIDES and (kind not in (3, 4) or number != 1 or (pages, tag) in sides):
                raise CorruptMedia(f"the TIFF tag {tag} is not one whole number: save it anew")
            sides.add((pages, tag))
            if kind == 3:  # SHORT stands in the first two bytes
                (value,) = struct.unpack(f"{order}H", data[entry + 8 : entry + 10])
            if pages == 1:
                tags[tag] = value
        (at,) = struct.unpack(f"{order}I", data[at + 2 + 12 * count : at + 6 + 12 * count])
    names = {34665: "exif", 34853: "gps", 700: "xmp", 33723: "iptc", 270: "text", 315: "text"}
    kinds |= {name for tag, name in names.items() if tag in tags}
    if tags.get(TILE_WIDTH, 0) * tags.get(TILE_LENGTH, 0) > MAX_TILE:
        raise CorruptMedia(f"a TIFF with tiles of more than {MAX_TILE:,} pixels: save it anew")
    # BitsPerSample stands elsewhere when there are several samples; those are read as 8 bits.
    bits = tags.get(258, 1) if tags.get(277, 1) == 1 else 8
    info = MediaInfo("tiff", tags.get(256, 0), tags.get(257, 0), pages, bits)
    exif = Exif(orientation=tags.get(274, 1) if 1 <= tags.get(274, 1) <= 8 else 1)
    return _checked(info, exif, kinds, 34675 in tags, len(data), len(data))


def _checked(
    info: MediaInfo, exif: Exif | None, kinds: set[str], icc: bool, end: int, size: int
) -> MediaInfo:
    if info.width < 1 or info.height < 1:
        raise CorruptMedia(f"the header says {info.width} x {info.height}: upload it again")
    if 0 <= end < size:
        kinds.add("trailing")
    fields = {
        **info.__dict__,
        "orientation": (exif or Exif()).orientation,
        "has_icc": icc,
        "end": end,
    }
    return MediaInfo(**{**fields, "metadata_kinds": frozenset(kinds)})
