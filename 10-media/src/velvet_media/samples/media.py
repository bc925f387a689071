"""Pictures and films from a seed: the same seed gives the same pixels everywhere.

`scene` is made to compress like a photo: noise in octaves with hard edges over it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw

from velvet_media.headers import XMP
from velvet_media.images import Image, Size
from velvet_media.pngrows import chunk
from velvet_media.quality import exact_plate

OCTAVES = 6
MPF = b"II*\0" + struct.pack("<IH", 8, 3)  # an index of one picture
MPF += struct.pack("<HHI4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHII", 0xB001, 4, 1, 1)
MPF += struct.pack("<HHII", 0xB002, 7, 16, 50) + bytes(4 + 16)
ENLARGED = 2_000_000  # pixels beyond which a scene is an enlarged one
EARTH = ((60, (46, 26, 0.0)), (13, (24, 18, 36.0)))  # an invented position


@lru_cache(maxsize=4)
def scene(width: int, height: int, seed: int = 1) -> Image:
    """Return a picture with soft noise, edges and a fine texture; a large one from a small one."""
    random = np.random.default_rng(seed)
    if width * height > ENLARGED:
        small = Pil.fromarray(scene(width // 4, height // 4, seed))
        grown = np.asarray(small.resize((width, height), Pil.Resampling.BICUBIC))
        fine = random.integers(0, 6, (height, width, 1), np.uint8)
        return np.asarray(np.minimum(grown, 249) + fine)
    random = np.random.default_rng(seed)
    canvas = np.zeros((height, width, 3), np.int16)
    for octave in range(OCTAVES):
        grid = (2 + 3 * 2**octave, 2 + 2 * 2**octave)
        for channel in range(3):
            coarse = Pil.fromarray(random.integers(0, 256, grid[::-1], np.uint8))
            wide = coarse.resize((width, height), Pil.Resampling.BILINEAR)
            weight = 3 if octave < 3 else 4
            canvas[..., channel] += np.asarray(wide, np.uint8) >> (octave // 2 + 5 - weight)
    canvas -= np.min(canvas)
    soft = (canvas.astype(np.uint32) * 200 // max(1, int(np.max(canvas)))).astype(np.uint8)
    picture = Pil.fromarray(soft)
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = random.integers(0, width), random.integers(0, height)
        side = int(random.integers(max(2, width // 40), max(3, width // 7)))
        colour = tuple(int(part) for part in random.integers(0, 256, 3))
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((int(x), int(y), int(x) + side, int(y) + side), fill=colour)
    for line in range(0, width // 4, max(3, width // 200)):
        draw.line((line, height - height // 5, line + height // 9, height), fill=(240, 240, 235))
    grain = random.integers(0, 6, (height, width, 1), np.uint8)
    made = np.asarray(np.minimum(np.asarray(picture), 249) + grain)
    made.setflags(write=False)
    return made


@lru_cache(maxsize=4)
def zone_plate(n: int) -> Image:
    """Return the zone plate of `velvet_media.quality.exact_plate` as an RGB picture."""
    plate = np.rint(exact_plate(n, n)).astype(np.uint8)
    made = np.repeat(plate[..., None], 3, axis=2)
    made.setflags(write=False)
    return made


def checkerboard(n: int) -> Image:
    """Return single pixels of black and white."""
    board = (np.indices((n, n)).sum(axis=0) % 2 * 255).astype(np.uint8)
    return np.repeat(board[..., None], 3, axis=2)


def jpeg(image: Image, quality: int = 90, **options: object) -> bytes:
    """Return a JPEG by Pillow."""
    out = io.BytesIO()
    Pil.fromarray(image).save(out, "jpeg", quality=quality, **options)
    return out.getvalue()


def png(image: Image, **options: object) -> bytes:
    """Return a PNG by Pillow."""
    out = io.BytesIO()
    Pil.fromarray(image).save(out, "png", **options)
    return out.getvalue()


def webp(image: Image, **options: object) -> bytes:
    """Return a WebP by Pillow."""
    out = io.BytesIO()
    Pil.fromarray(image).save(out, "webp", **options)
    return out.getvalue()


def exif(
    orientation: int = 1,
    *,
    gps: bool = False,
    camera: str = "",
    thumbnail: bytes = b"",
    order: str = ">",
    kind: int = 3,
) -> bytes:
    """Return a block of EXIF, of an invented position and camera."""
    entries: list[tuple[int, int, int, bytes]] = []
    value = struct.pack(f"{order}{'H2x' if kind == 3 else 'I'}", orientation)
    if camera:
        entries.append((0x010F, 2, len(camera) + 1, camera.encode() + b"\0"))
    entries.append((0x0112, kind, 1, value))
    if gps:
        parts = [part for degree, rest in EARTH for part in (degree, *rest)]
        pairs = b"".join(struct.pack(f"{order}II", int(part * 100), 100) for part in parts)
        entries.append((0x8825, 4, 1, pairs))
    count = len(entries)
    at, places, blob = 8 + 2 + 12 * count + 4, b"", b""
    for tag, typed, number, given in entries:
        if len(given) == 4:
            inside = given
        else:
            content = given + bytes(len(given) % 2)
            if tag == 0x8825:  # a directory of its own with latitude and longitude
                start = at + len(blob)
                content = _gps(order, start, content)
            inside = struct.pack(f"{order}I", at + len(blob))
            blob += content
        places += struct.pack(f"{order}HHI", tag, typed, number) + inside
    following = at + len(blob) if thumbnail else 0
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}IH", 8, count)
    made = head + places + struct.pack(f"{order}I", following) + blob
    if thumbnail:
        start = following + 2 + 24 + 4
        made += struct.pack(f"{order}H", 2)
        made += struct.pack(f"{order}HHII", 0x0201, 4, 1, start)
        made += struct.pack(f"{order}HHII", 0x0202, 4, 1, len(thumbnail))
        made += struct.pack(f"{order}I", 0) + thumbnail
    return made


def _gps(order: str, start: int, rationals: bytes) -> bytes:
    values = start + 2 + 4 * 12 + 4
    made = struct.pack(f"{order}H", 4)
    made += struct.pack(f"{order}HHI4s", 1, 2, 2, b"N\0\0\0")
    made += struct.pack(f"{order}HHII", 2, 5, 3, values)
    made += struct.pack(f"{order}HHI4s", 3, 2, 2, b"E\0\0\0")
    made += struct.pack(f"{order}HHII", 4, 5, 3, values + 24)
    return made + struct.pack(f"{order}I", 0) + rationals


def segment(marker: int, body: bytes) -> bytes:
    """Return a JPEG segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(
    image: Image,
    *,
    block: bytes = b"",
    xmp: bytes = b"",
    iptc: bytes = b"",
    comment: bytes = b"",
    mpf: bytes = b"",
    icc: bytes = b"",
    trailing: bytes = b"",
    **options: object,
) -> bytes:
    """Return a JPEG with planted segments."""
    data = jpeg(image, **options)  # type: ignore[arg-type]
    planted = b""
    if block:
        planted += segment(0xE1, b"Exif\0\0" + block)
    if xmp:
        planted += segment(0xE1, XMP + xmp)
    if icc:
        planted += segment(0xE2, b"ICC_PROFILE\0\1\1" + icc)
    if mpf:
        planted += segment(0xE2, b"MPF\0" + mpf)
    if iptc:
        planted += segment(0xED, b"Photoshop 3.0\0" + iptc)
    if comment:
        planted += segment(0xFE, comment)
    return data[:2] + planted + data[2:] + trailing


def private_photo(width: int = 480, height: int = 320, orientation: int = 6) -> bytes:
    """Return a JPEG that tells a lot: position, camera, names, an old thumbnail, a second file."""
    small = jpeg(scene(64, 48, 9), 60)
    return jpeg_with(
        scene(width, height, 5),
        block=exif(orientation, gps=True, camera="Invented Camera", thumbnail=small),
        xmp=b"<x:xmpmeta>creator: Jane Example</x:xmpmeta>",
        iptc=b"8BIM byline Jane Example",
        comment=b"taken at home",
        mpf=MPF,
        trailing=b"a film of two seconds follows the picture",
    )


def private_png(image: Image) -> bytes:
    """Return a PNG with text, EXIF and a time."""
    data = png(image)
    planted = chunk(b"tEXt", b"Author\0Jane Example") + chunk(b"eXIf", exif(8, gps=True))
    planted += chunk(b"tIME", struct.pack(">HBBBBB", 2026, 1, 2, 3, 4, 5))
    planted += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>")
    return data[:33] + planted + data[33:]


def film(count: int, size: Size = (1280, 720), seed: int = 1) -> Iterator[Image]:
    """Yield frames: a picture over which a bright square moves."""
    ground = scene(*size, seed)
    side = size[1] // 4
    for number in range(count):
        frame = ground.copy()
        x = number * 7 % (size[0] - side)
        y = number * 3 % (size[1] - side)
        frame[y : y + side, x : x + side] = (250, 240 - number % 200, 60)
        yield frame


def big_strips(side: int, rows: int = 64, seed: int = 1) -> Iterator[Image]:
    """Yield a square picture in strips: a tile of a scene, shifted from strip to strip."""
    tile = scene(512, rows, seed)
    across = np.tile(tile, (1, side // 512 + 2, 1))
    for top in range(0, side, rows):
        shift = top * 5 % 512
        yield np.ascontiguousarray(across[: min(rows, side - top), shift : shift + side])
