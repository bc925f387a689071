"""Files that decoders and header walkers read differently, and where a secret can hide from a strip."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image as Pil

from velvet_media import errors
from velvet_media.headers import MAX_SCANS, read_header, riff_chunks
from velvet_media.images import Image
from velvet_media.metadata import audit, strip
from velvet_media.safety import MIB, Limits, decode_safely, inspect
from velvet_media.samples import media

SECRET = b"secret: at home"


def scans_of(data: bytes) -> list[int]:
    return [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]


def vp8x(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X" + struct.pack("<I", 10) + bytes(4) + sides


@pytest.mark.parametrize("first", [True, False])
def test_a_webp_that_says_two_sizes_is_refused(first: bool, photo: Image) -> None:
    body = media.webp(photo, lossless=True)[12:]
    chunks = vp8x(9, 9) + body if first else body + vp8x(9, 9)
    data = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks

    with pytest.raises(errors.CorruptMedia, match="two sizes"):
        inspect(data)


def test_a_jpeg_that_says_two_sizes_is_refused(photo: Image) -> None:
    data = media.jpeg(photo)
    at = data.index(b"\xff\xc0")
    end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    large = data[at : at + 5] + struct.pack(">HH", 13_000, 13_000) + data[at + 9 : end]

    with pytest.raises(errors.CorruptMedia, match="two frame headers"):
        inspect(data[:end] + large + data[end:])


def test_a_secret_within_a_frame_of_an_animation_is_stripped() -> None:
    frames = [Pil.fromarray(media.scene(40, 30, seed)) for seed in (1, 2)]
    out = io.BytesIO()
    frames[0].save(out, "webp", save_all=True, append_images=frames[1:], lossless=True)
    data = out.getvalue()
    planted = b"EXIF" + struct.pack("<I", len(SECRET)) + SECRET + bytes(len(SECRET) % 2)
    chunks = b""
    for kind, start, end in riff_chunks(data):
        body = data[start + 8 : end] + (planted if kind == b"ANMF" else b"")
        chunks += kind + struct.pack("<I", len(body)) + body
    told = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks

    clean = strip(told)

    assert [leak.kind for leak in audit(told)] == ["other", "other"]
    assert clean == strip(data) == data
    with Pil.open(io.BytesIO(told)) as opened:
        assert opened.n_frames == 2  # readers take it


def test_a_gif_is_as_large_as_its_largest_frame() -> None:
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 100, 0, 9000, 9000, 0) + b"\x02\x02\x44\x01\x00"
    data = head + frame + b"\x3b"

    assert (read_header(data).width, read_header(data).height) == (9100, 9000)
    with pytest.raises(errors.TooManyPixels):
        inspect(data)


def tiff(*entries: tuple[int, int, int, int]) -> bytes:
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tiff((256, 5, 1, 8), (257, 3, 1, 9)), "tag 256"),
        (tiff((256, 3, 2, 8), (257, 3, 1, 9)), "tag 256"),
        (tiff((256, 3, 1, 8), (257, 3, 1, 9), (257, 4, 1, 60_000)), "tag 257"),
        (tiff((256, 3, 1, 8), (257, 3, 1, 9), (322, 4, 1, 60_000), (323, 4, 1, 60_000)), "tiles"),
    ],
)
def test_a_tiff_that_says_its_size_twice_or_elsewhere_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(errors.CorruptMedia, match=words):
        inspect(data)


def test_directories_that_overlap_cost_no_time() -> None:
    pages, entries = 400, 65_535
    data = bytearray(8 + 14 * pages * 2 + 12 * entries + 10)
    data[:8] = b"II*\0" + struct.pack("<I", 8)
    for page in range(pages):
        at = 8 + 14 * page
        data[at : at + 2] = b"\xff\xff"
    for page in range(pages - 1):
        at = 8 + 14 * page
        data[at + 2 + 12 * entries : at + 6 + 12 * entries] = struct.pack("<I", at + 14)

    with pytest.raises(errors.CorruptMedia, match="more than 20,000 segments"):
        inspect(bytes(data))


def test_scans_are_bounded_as_each_costs_a_decoder_the_whole_picture(photo: Image) -> None:
    data = media.jpeg(photo, progressive=True)
    last = data[scans_of(data)[-1] : -2]

    assert decode_safely(data).shape == photo.shape
    full = data[:-2] + last * (MAX_SCANS - len(scans_of(data))) + data[-2:]
    assert inspect(full).width == photo.shape[1]
    with pytest.raises(errors.CorruptMedia, match=f"more than {MAX_SCANS} scans"):
        inspect(data[:-2] + last * MAX_SCANS + data[-2:])


@pytest.mark.parametrize(
    "planted",
    [
        media.segment(0xE0, b"JFXX\0\x10" + SECRET),
        media.segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\5\1" + SECRET),
        media.segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + SECRET),
        media.segment(0xEE, SECRET),
        media.segment(0xF5, SECRET),
        media.segment(0xDC, SECRET),
        media.segment(0xFE, SECRET),
        media.segment(0xE1, b"Exif\0\0" + SECRET),
    ],
)
@pytest.mark.parametrize("between_scans", [False, True])
def test_a_secret_is_stripped_wherever_a_segment_may_stand(
    planted: bytes, between_scans: bool, photo: Image
) -> None:
    data = media.jpeg(photo, progressive=True)
    at = scans_of(data)[1] if between_scans else 2
    told = data[:at] + planted + data[at:]

    clean = strip(told)

    assert len(audit(told)) == 1
    assert audit(clean) == []
    assert SECRET not in clean
    assert np.array_equal(decode_safely(clean), decode_safely(data))


def test_of_two_blocks_of_exif_the_first_turns_the_picture(photo: Image) -> None:
    data = media.jpeg(photo)
    blocks = [media.segment(0xE1, b"Exif\0\0" + media.exif(turn, gps=True)) for turn in (6, 3)]

    both = data[:2] + b"".join(blocks) + data[2:]

    assert read_header(both).orientation == read_header(strip(both)).orientation == 6
    assert audit(strip(both)) == []
    upright = data[:2] + media.segment(0xE1, b"Exif\0\0" + media.exif(1)) + both[2:]
    assert read_header(upright).orientation == read_header(strip(upright)).orientation == 1


def test_an_archive_within_a_comment_is_a_second_face(photo: Image) -> None:
    data = media.jpeg(photo)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.js", "alert(1)")
        archive.comment = bytes(len(data) - 2)
    hidden = data[:2] + media.segment(0xFE, out.getvalue()[: 2 - len(data)]) + data[2:]

    assert zipfile.ZipFile(io.BytesIO(hidden)).namelist() == ["run.js"]
    with pytest.raises(errors.PolyglotMedia, match="ZIP"):
        inspect(hidden)


THUMBNAILS = """
import io, json, sys
import numpy as np
from PIL import Image as Pil
from velvet_media.contenders.images import pillow
from velvet_media.headers import read_header

def status(name):
    lines = open("/proc/self/status", encoding="utf-8")
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

flat = Pil.new("RGB", (1600, 1250), (9, 8, 7))
kinds = {
    "rgb": ("png", flat, {}),
    "grey and alpha": ("png", flat.convert("LA"), {}),
    "alpha": ("png", flat.convert("RGBA"), {}),
    "palette": ("png", flat.convert("P"), {"transparency": 3}),
    "tRNS": ("png", flat, {"transparency": (1, 2, 3)}),
    "16 bits": ("png", Pil.fromarray(np.full((1250, 1600), 999, np.uint16)), {}),
    "webp": ("webp", flat, {"lossless": True, "method": 0}),
    "progressive": ("jpeg", flat, {"progressive": True}),
}
for kind, (fmt, picture, options) in kinds.items():
    file = io.BytesIO()
    picture.save(file, fmt, **options)
    data = file.getvalue()
    pillow.thumbnail(data, 64)  # what is loaded late is loaded
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS")
    pillow.thumbnail(data, 64)
    print(json.dumps([kind, status("VmHWM") - before, read_header(data).decode_bytes]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak of a process: use Linux")
def test_a_thumbnail_takes_no_more_memory_than_the_header_says() -> None:
    told = subprocess.run([sys.executable, "-c", THUMBNAILS], capture_output=True, check=True)

    found = [json.loads(line) for line in told.stdout.splitlines()]

    assert len(found) == 8
    assert [kind for kind, peak, said in found if peak > 1.25 * said + MIB] == []


@pytest.mark.parametrize("value", [float("nan"), 0, -1])
def test_a_limit_is_a_number_that_something_can_break(value: float) -> None:
    with pytest.raises(ValueError, match="max_pixels"):
        Limits(max_pixels=value)  # type: ignore[arg-type]
