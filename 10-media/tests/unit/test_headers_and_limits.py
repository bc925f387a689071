"""What a header says, beside Pillow's answer; what the limits refuse; what is never an error."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from velvet_media import errors
from velvet_media.exif import read_exif
from velvet_media.headers import MAX_BLOCKS, PNG, XMP, read_header
from velvet_media.images import Image, fit
from velvet_media.metadata import audit, strip
from velvet_media.pngrows import chunk
from velvet_media.safety import Limits, decode_safely, inspect, to_eight_bits
from velvet_media.samples import hostile, media

ALPHA = np.zeros((9, 13, 4), np.uint8)


def saved(fmt: str, picture: Pil.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, fmt, **options)
    return out.getvalue()


def picture(mode: str = "RGB") -> Pil.Image:
    return Pil.fromarray(media.scene(53, 31, 2)).convert(mode)


@pytest.mark.parametrize("fmt", ["jpeg", "png", "gif", "webp", "tiff"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_size_and_format_are_those_that_pillow_reads(fmt: str, mode: str, tmp_path: Path) -> None:
    data = saved(fmt, picture(mode))
    path = tmp_path / "a.wrong"
    path.write_bytes(data)

    info = read_header(path)

    with Pil.open(path) as opened:
        assert (info.width, info.height) == opened.size
        assert info.format == opened.format.lower()
    assert read_header(data) == info
    assert info.frames == 1
    assert info.megapixels == 53 * 31 / 1e6


def test_a_progressive_jpeg_costs_twice_the_memory() -> None:
    plain = read_header(media.jpeg(media.scene(53, 31, 2)))
    progressive = read_header(media.jpeg(media.scene(53, 31, 2), progressive=True))

    assert not plain.progressive
    assert progressive.progressive
    assert progressive.decode_bytes == 2 * plain.decode_bytes == 2 * 53 * 31 * 4


@pytest.mark.parametrize(
    ("data", "alpha"),
    [
        (saved("png", picture("RGBA")), True),
        (saved("png", picture("LA")), True),
        (saved("png", picture("P"), transparency=3), True),
        (saved("png", picture("1")), False),
        (saved("webp", picture("RGBA").rotate(20), lossless=True), True),
        (saved("webp", Pil.fromarray(ALPHA), lossless=False, exif=b""), True),
        (saved("gif", picture("P")), True),
    ],
)
def test_alpha_is_seen_in_the_header(data: bytes, alpha: bool) -> None:
    assert read_header(data).has_alpha is alpha


@pytest.mark.parametrize("fmt", ["gif", "png", "webp", "tiff"])
def test_frames_are_counted_and_bounded(fmt: str) -> None:
    first = picture()
    rest = [Pil.fromarray(media.scene(53, 31, seed)) for seed in (3, 4)]
    data = saved(fmt, first, save_all=True, append_images=rest)

    assert read_header(data).frames == 3
    assert read_header(data, max_frames=3).frames == 3
    with pytest.raises(errors.TooManyFrames, match="max_frames=2") as caught:
        read_header(data, max_frames=2)
    assert caught.value.limit == 2


ICC, EXIF = b"ICC_PROFILE\0\1\1", b"Exif\0\0" + media.exif(3, gps=True)


@pytest.mark.parametrize(
    ("marker", "body", "kinds", "icc"),
    [
        (0xE1, EXIF, {"exif", "gps"}, False),
        (0xE1, XMP, {"xmp"}, False),
        (0xE2, b"MPF\0", {"mpf"}, False),
        (0xE2, ICC, set(), True),
        (0xED, b"Photoshop", {"iptc"}, False),
        (0xFE, b"by Jane", {"comment"}, False),
        (0xE1, b"unknown", set(), False),
        (0xE1, ICC, set(), False),
        (0xE1, b"MPF\0", set(), False),
        (0xE2, EXIF, set(), False),
        (0xE2, XMP, set(), False),
        (0xE0, b"JFXX", set(), False),
    ],
)
def test_a_segment_counts_by_its_marker_and_its_first_bytes(
    marker: int, body: bytes, kinds: set[str], icc: bool
) -> None:
    data = media.jpeg(media.scene(24, 16, 1))

    info = read_header(data[:2] + media.segment(marker, body) + data[2:])

    assert (info.metadata_kinds, info.has_icc) == (kinds, icc)
    assert info.orientation == (3 if "exif" in kinds else 1)


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        (b"tEXt", b"Comment\0x", "text"), (b"zTXt", b"Comment\0\0x", "text"),
        (b"iTXt", b"Comment\0\0\0\0\0x", "text"), (b"iTXt", b"XML:com.adobe.xmp\0", "xmp"),
        (b"tIME", bytes(7), ""), (b"prVt", b"x", ""),
    ],
)  # fmt: skip
def test_a_chunk_of_text_is_told_from_xmp(kind: bytes, body: bytes, found: str) -> None:
    data = media.png(ALPHA)
    told = data[:33] + chunk(kind, body) + data[33:]

    assert read_header(told).metadata_kinds == ({found} if found else set())
    assert [leak.kind for leak in audit(told)] == [found or "other"]
    assert strip(told) == data


def test_a_gif_tells_its_comment_and_nothing_of_its_other_extensions() -> None:
    plain, said = saved("gif", picture("P")), saved("gif", picture("P"), comment=b"by Jane")

    assert read_header(plain).metadata_kinds == set()
    assert read_header(said).metadata_kinds == {"comment"}
    assert read_header(said).frames == 1


@pytest.mark.parametrize(
    ("more", "bits"),
    [
        ((), 1),
        (((258, 3, 1, 16),), 16),
        (((258, 3, 3, 99), (277, 3, 1, 3)), 8),
        (((277, 3, 1, 1),), 1),
    ],
)
def test_bits_of_several_samples_stand_elsewhere(
    more: tuple[tuple[int, ...], ...], bits: int
) -> None:
    entries = ((256, 3, 1, 8), (257, 3, 1, 9), *more)
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)

    info = read_header(b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4))

    assert (info.width, info.height, info.bits, info.frames) == (8, 9, bits, 1)


@pytest.mark.parametrize(
    ("block", "orientation", "problem"),
    [
        (media.exif(6), 6, ""),
        (media.exif(8, order="<"), 8, ""),
        (media.exif(0), 1, "orientation 0"),
        (media.exif(9), 1, "orientation 9"),
        (media.exif(65535), 1, "orientation 65535"),
        (media.exif(6, kind=4), 1, "type 4"),
        (b"MM\0*\0\0\0\x08\0\0\0\0\0\0", 1, ""),
        (media.exif(6)[:22] + b"\0\0\xff\xff", 6, ""),
        (b"XX", 1, "cannot be read"),
        (b"MM\0*\xff\xff\xff\xff", 1, "cannot be read"),
        (media.exif(6)[:20], 1, "cannot be read"),
    ],
)
def test_an_invalid_orientation_is_taken_as_upright(
    block: bytes, orientation: int, problem: str, quiet: None
) -> None:
    exif = read_exif(block)

    assert exif.orientation == orientation
    assert problem in exif.problem
    assert bool(problem) == bool(exif.problem)
    assert decode_safely(media.jpeg_with(media.scene(24, 16, 1), block=block)).shape[2] == 3


@pytest.mark.parametrize("one", hostile.ALL, ids=lambda one: one.name)
def test_a_hostile_file_is_refused_by_the_narrowest_error(one: hostile.Hostile) -> None:
    with pytest.raises(errors.MediaError) as caught:
        decode_safely(one.data)

    assert type(caught.value) is one.error
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"%PDF-1.7 ...", errors.UnsupportedFormat, "a PDF document"),
        (b"  <svg/>", errors.UnsupportedFormat, "an SVG drawing"),
        (b"hello", errors.UnsupportedFormat, "68 65 6c"),
        (b"\xff\xd8\x00", errors.CorruptMedia, "no JPEG marker"),
        (b"\xff\xd8\xff\xd9", errors.CorruptMedia, "without a frame header"),
        (b"\xff\xd8\xff\xe0\x00\x01", errors.TruncatedMedia, "runs over the end"),
        (b"\xff\xd8" + media.segment(0xC0, b"\x08\0\x09\0\x09\x02"), errors.CorruptMedia, "2 comp"),
        (PNG + chunk(b"IDAT", bytes(30)), errors.CorruptMedia, "valid IHDR"),
        (hostile.png_bomb(0, 9), errors.CorruptMedia, "0 x 9"),
        (media.png(ALPHA)[:60], errors.TruncatedMedia, "IEND"),
        (b"GIF89a" + bytes(7) + b"\x00", errors.CorruptMedia, "no GIF block"),
        (b"GIF89a" + bytes(7) + b"\x21\xfe\x01", errors.TruncatedMedia, "within a header"),
        (
            b"GIF89a" + bytes(7) + b"\x21\xfe" + b"\x01a" * (MAX_BLOCKS + 9),
            errors.CorruptMedia,
            "more",
        ),
        (
            b"GIF89a" + bytes(7) + b"\x21\xfe\0" * (MAX_BLOCKS + 9),
            errors.CorruptMedia,
            "more",
        ),
        (media.webp(ALPHA)[:-20], errors.TruncatedMedia, "RIFF promises"),
        (b"RIFF\x10\0\0\0WEBPVP8 \xff\0\0\0....", errors.TruncatedMedia, "runs over"),
        (b"RIFF\x04\0\0\0WEBP", errors.CorruptMedia, "0 x 0"),
        (b"II*\0\x08\0\0\0", errors.TruncatedMedia, "within a header"),
    ],
)
def test_a_broken_structure_is_named(data: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        inspect(data)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_bytes=100), "max_bytes=100"),
        (Limits(max_pixels=1000), "max_pixels=1,000"),
        (Limits(max_side=50), "max_side=50"),
        (Limits(max_decode_bytes=4000), "max_decode_bytes"),
    ],
)
def test_an_error_names_the_limit_that_it_breaks(limits: Limits, words: str) -> None:
    with pytest.raises(errors.MediaError, match=words):
        inspect(saved("jpeg", picture()), limits)


def test_an_empty_file_is_refused_like_empty_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")

    with pytest.raises(errors.UnsupportedFormat, match="empty"):
        inspect(tmp_path / "a.jpg")


def test_fill_bytes_and_lone_markers_between_jpeg_segments_are_allowed() -> None:
    data = media.jpeg(media.scene(24, 16, 1))
    padded = data[:2] + b"\xff\x01\xff\xff" + data[2:]

    assert read_header(padded).width == 24


def test_a_decoder_that_returns_another_size_is_caught(photo: Image) -> None:
    class Liar:
        def decode(self, source: object) -> Image:
            return photo[:10]

    with pytest.raises(errors.CorruptMedia, match="the decoder returned"):
        decode_safely(media.jpeg(photo), backend=Liar())  # type: ignore[arg-type]


def test_a_picture_with_a_harmless_tail_is_accepted(photo: Image) -> None:
    assert "trailing" in inspect(media.jpeg(photo) + b"a motion photo").metadata_kinds


def test_a_tiff_tells_its_tags() -> None:
    exif = Pil.Exif()
    exif[0x0112] = 6
    data = saved("tiff", picture("L"), exif=exif, description="by Jane Example")

    info = read_header(data)

    assert (info.orientation, info.bits) == (6, 8)
    assert "text" in info.metadata_kinds
    with pytest.raises(errors.TruncatedMedia):
        read_header(b"MM\0*" + struct.pack(">IH", 8, 40))


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)

    assert to_eight_bits(ramp).tolist() == list(range(256))
    assert to_eight_bits(ramp.astype(np.uint8)) is not None
    middle = saved("png", Pil.fromarray(np.full((16, 16), 32768, np.uint16)))
    assert decode_safely(middle).mean() == 128


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_becomes_rgb_or_rgba(mode: str) -> None:
    fmt = "jpeg" if mode in ("CMYK", "YCbCr") else "png"

    image = decode_safely(saved(fmt, picture(mode)))

    assert image.shape[:2] == (31, 53)
    assert image.shape[2] == (4 if mode in ("LA", "RGBA") else 3)
    assert image.flags.c_contiguous


def test_no_side_is_shrunk_to_nothing() -> None:
    assert fit((4000, 3), 100) == (100, 1)
    with pytest.raises(ValueError, match="max_side"):
        fit((4, 3), 0)
